"""The order of values, filters over one document, field paths, and what a query becomes: cases of the pure modules."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from laptop.firestore import field_paths
from laptop.firestore.filters import compile_filter, inequality_fields, needles
from laptop.firestore.messages import Pb
from laptop.firestore.ordering import is_nan, key_of, key_of_name
from laptop.firestore.plans import Order, compile_query
from laptop.rpc import RpcError
from laptop.tests.firestore.values import ROOT, load_cases, make_document, make_filter, make_query, make_value

FILTERS, PATHS, PLANS = load_cases("filter"), load_cases("field_path"), load_cases("plan")
DOCUMENT = make_document(FILTERS["document"])


def test_values_have_one_total_order() -> None:
    steps = [[key_of(make_value(value)) for value in step] for step in load_cases("ordering")]
    for step in steps:
        assert len(set(step)) == 1
    for lower, higher in combinations(steps, 2):
        assert lower[0] < higher[0]


def test_a_value_that_is_not_set_is_null() -> None:
    assert key_of(type(make_value(1))()) == key_of(make_value(None))


def test_only_what_is_no_number_is_nan() -> None:
    assert is_nan(key_of(make_value(float("nan"))))
    assert not any(is_nan(key_of(make_value(value))) for value in (0, 0.0, None, "NaN", float("inf")))


def test_a_name_compares_as_a_reference_does() -> None:
    assert key_of_name(f"{ROOT}/a/b") == key_of(make_value({"$ref": "a/b"}))


@pytest.mark.parametrize("where", FILTERS["matches"], ids=str)
def test_a_filter_matches(where: Any) -> None:
    assert compile_filter(make_filter(where))(DOCUMENT)


@pytest.mark.parametrize("where", FILTERS["misses"], ids=str)
def test_a_filter_does_not_match(where: Any) -> None:
    assert not compile_filter(make_filter(where))(DOCUMENT)


@pytest.mark.parametrize("where", FILTERS["refused"], ids=str)
def test_a_filter_that_cannot_be_is_refused(where: Any) -> None:
    with pytest.raises(RpcError):
        compile_filter(make_filter(where))


@pytest.mark.parametrize("case", FILTERS["inequalities"], ids=str)
def test_results_are_ordered_by_what_is_compared(case: Any) -> None:
    assert sorted(".".join(path) for path in inequality_fields(make_filter(case["where"]))) == case["fields"]


@pytest.mark.parametrize("case", FILTERS["needles"], ids=str)
def test_what_a_matching_document_must_hold(case: Any) -> None:
    assert [text.decode() for text in needles(make_filter(case["where"]))] == case["texts"]


@pytest.mark.parametrize(("text", "path"), PATHS["parsed"].items())
def test_a_field_path_is_parsed(text: str, path: list[str]) -> None:
    assert field_paths.parse(text) == tuple(path)


@pytest.mark.parametrize("text", PATHS["refused"])
def test_what_is_no_field_path_is_refused(text: str) -> None:
    with pytest.raises(RpcError, match="is not a field path"):
        field_paths.parse(text)


def fields() -> Pb:
    return make_document({"a": {"b": 1, "c": {"d": 2}}, "e": 3})


@pytest.mark.parametrize("case", PATHS["read"], ids=lambda case: case["path"])
def test_a_field_is_read_and_nothing_made_on_the_way(case: Any) -> None:
    document = fields()
    found = field_paths.read(document.fields, field_paths.parse(case["path"]))
    assert found == (None if case["value"] == "none" else make_value(case["value"]))
    assert document == fields()


@pytest.mark.parametrize("case", PATHS["written"], ids=lambda case: case["path"])
def test_a_field_is_written_with_maps_on_the_way(case: Any) -> None:
    document = fields()
    field_paths.write(document.fields, field_paths.parse(case["path"]), make_value(9))
    assert document == make_document(case["then"])


@pytest.mark.parametrize("case", PATHS["erased"], ids=lambda case: case["path"])
def test_a_field_is_erased_if_it_is_there(case: Any) -> None:
    document = fields()
    field_paths.erase(document.fields, field_paths.parse(case["path"]))
    assert document == make_document(case["then"])


@pytest.mark.parametrize("case", PATHS["projected"], ids=lambda case: str(case["paths"]))
def test_a_projection_keeps_what_it_names(case: Any) -> None:
    shown = field_paths.project(fields(), map(field_paths.parse, case["paths"]))
    assert shown.fields == make_document(case["then"]).fields


@pytest.mark.parametrize("case", PLANS["orders"], ids=lambda case: " ".join(case["orders"]))
def test_a_query_has_one_total_order(case: Any) -> None:
    assert [describe(order) for order in compile_query(ROOT, make_query(case["query"])).orders] == case["orders"]


def describe(order: Order) -> str:
    return ("-" if order.descending else "") + ".".join(order.path) + ("" if order.required else "*")


@pytest.mark.parametrize("case", PLANS["matching"], ids=lambda case: str(case["query"]))
def test_a_query_takes_what_is_between_its_cursors(case: Any) -> None:
    plan = compile_query(ROOT, make_query(case["query"]))
    numbers = (make_document({"n": n} | ({} if n % 2 else {"m": True}), f"d/{n}") for n in range(10))
    assert [document.fields["n"].integer_value for document in numbers if plan.matches(document)] == case["wanted"]


@pytest.mark.parametrize("query", PLANS["refused"], ids=str)
def test_a_query_that_cannot_be_is_refused(query: Any) -> None:
    with pytest.raises(RpcError):
        compile_query(ROOT, make_query(query))


@pytest.mark.parametrize("case", PLANS["scopes"], ids=lambda case: f"{case['parent']} {case['from']}")
def test_a_query_reads_the_collections_it_names(case: Any) -> None:
    parent = f"{ROOT}/{case['parent']}".rstrip("/")
    scope = compile_query(parent, make_query({"from": [case["from"]]})).scope
    assert [path for path in case["reads"] + case["not"] if scope.holds(f"{ROOT}/{path}")] == case["reads"]
