"""A value in its spellings: TO_JSON_STRING, FORMAT('%t'), the REST API; and JSON as BigQuery keeps it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from laptop.bigquery.encode import encode_rows
from laptop.bigquery.json_text import canonical, number_at, respell
from laptop.tests.bigquery.answers import Answer
from laptop.tests.bigquery.cases import temporary_warehouse
from laptop.tests.bigquery.reference import Reference
from laptop.tests.bigquery.warehouse import Warehouse

Case = dict[str, Any]
CASES: list[Case] = yaml.safe_load((Path(__file__).parent / "units" / "spellings.yaml").read_text())


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    yield from temporary_warehouse()


def spelt(case: Case) -> str:
    return f"SELECT TO_JSON_STRING({case['sql']}) AS json, FORMAT('%t', {case['sql']}) AS shown"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["sql"])
def test_a_value_is_spelt_as_googlesql_does(warehouse: Warehouse, case: Case) -> None:
    assert warehouse.answer(spelt(case)).rows == [[case["json"], case["shown"]]]


def test_the_reference_evaluator_spells_them_so() -> None:
    reference = Reference()
    found = [reference.ask(spelt(case)) for case in CASES]
    answers = [one.rows[0] if isinstance(one, Answer) else one for one in found]
    assert answers == [[case["json"], case["shown"]] for case in CASES]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["sql"])
def test_a_cell_of_the_rest_api(warehouse: Warehouse, case: Case) -> None:
    outcome = warehouse.run(f"SELECT {case['sql']} AS v")
    assert outcome.rows is not None
    assert encode_rows(outcome.rows, outcome.fields, int_timestamps=True) == [{"f": [{"v": case["cell"]}]}]


@pytest.mark.parametrize(
    ("sql", "cell"),
    [
        ("FROM_HEX('00ff')", "AP8="),
        ("[1, 2]", [{"v": "1"}, {"v": "2"}]),
        ("CAST([] AS ARRAY<INT64>)", []),
        ("STRUCT(1 AS a, 'x' AS b)", {"f": [{"v": "1"}, {"v": "x"}]}),
        ("[STRUCT([TRUE] AS l)]", [{"v": {"f": [{"v": [{"v": "true"}]}]}}]),
        ("STRUCT(CAST(NULL AS DATE) AS d)", {"f": [{"v": None}]}),
        ("JSON '{\"a\": 1}'", '{"a": 1}'),
    ],
)
def test_a_nested_cell_of_the_rest_api(warehouse: Warehouse, sql: str, cell: Any) -> None:
    outcome = warehouse.run(f"SELECT {sql} AS v")
    assert outcome.rows is not None
    found = encode_rows(outcome.rows, outcome.fields, int_timestamps=True)[0]["f"][0]["v"]
    assert (json.loads(found) if sql.startswith("JSON") else found) == (
        json.loads(cell) if sql.startswith("JSON") else cell
    )


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('{"b": 1, "a": 2}', '{"a":2,"b":1}'),
        ('{"a": 1, "a": 2}', '{"a":1}'),
        ("[1, 1.0, 1.50, -0, 1e2]", "[1,1.0,1.5,0,100.0]"),
        ('"é\\u00e9"', '"éé"'),
        ("18446744073709551615", "18446744073709551615"),
        ("18446744073709551616", None),
        ("-9223372036854775809", None),
        ("1e400", None),
        ("NaN", None),
        ("-Infinity", None),
        ("{'a': 1}", None),
        ("[1,]", None),
        ("", None),
        ("01", None),
        ("[" * 100_000, None),
    ],
    ids=lambda part: str(part)[:30],
)
def test_json_as_bigquery_keeps_it(text: str, kept: str | None) -> None:
    assert canonical(text) == kept


@pytest.mark.parametrize(
    ("text", "path", "number"),
    [
        ("1.50", "$", "1.50"),
        ('{"a": {"b": [0, 1e3]}}', '$."a"."b"[1]', "1e3"),
        ('{"a b": -0.0}', '$."a b"', "-0.0"),
        ("[[12345678901234567890]]", "$[0][0]", "12345678901234567890"),
    ],
)
def test_a_number_keeps_its_text(text: str, path: str, number: str) -> None:
    assert number_at(text, path) == number


@pytest.mark.parametrize(
    ("text", "kind", "spelt"),
    [
        ('{"a":1,"b":null}', "STRUCT(a BIGINT, b VARCHAR)", '{"a":1,"b":null}'),
        ('[{"d":"2026-01-31"}]', "STRUCT(d DATE)[]", '[{"d":"2026-01-31"}]'),
        ("[1.5,2.0]", "DOUBLE[]", "[1.5,2]"),
        ('"2026-01-31 01:02:03"', "TIMESTAMP", '"2026-01-31T01:02:03"'),
        ("[]", "BIGINT[]", "[]"),
    ],
)
def test_a_nested_value_is_spelt_by_its_type(text: str, kind: str, spelt: str) -> None:
    assert respell(text, kind) == spelt


def test_a_type_without_a_spelling_is_an_error() -> None:
    with pytest.raises(ValueError, match="TO_JSON_STRING does not support UUID"):
        respell('"x"', "UUID")
