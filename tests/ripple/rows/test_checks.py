"""What fits each kind of field and what does not, with the sentence that a person reads; the table is check_cases.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ripple.flows import load_contract
from ripple.rows.contracts import Contract, Violation, read_contract
from ripple.rows.contracts.columns import find_suspects
from tests.ripple.rows.sample_rows import a_click, an_order

TABLE = yaml.safe_load((Path(__file__).parent / "check_cases.yaml").read_text())
FITS = [(case["rule"], value) for case in TABLE for value in case["fits"]]
REFUSED = [(case["rule"], *refused) for case in TABLE for refused in case["refused"]]


def contract_of(rule: dict[str, Any], **more: Any) -> Contract:
    return read_contract({"flow": "f", "format": "jsonl", "fields": {"a": rule}} | more, "f.json")


@pytest.mark.parametrize(("rule", "value"), FITS)
def test_a_value_that_fits_is_taken_and_no_suspect(rule: dict[str, Any], value: Any) -> None:
    assert contract_of(rule).find_violation({"a": value}) is None
    assert find_suspects([{"a": value}], contract_of(rule)) == set()


@pytest.mark.parametrize(("rule", "value", "code", "expected"), REFUSED)
def test_a_value_that_does_not_fit_is_named_with_what_was_expected(
    rule: dict[str, Any], value: Any, code: str, expected: str
) -> None:
    found = contract_of(rule).find_violation({"a": value})
    assert found == Violation(code, "a", f"a: expected {expected}, got {type(value).__name__} {value!r:.80}")
    fitting = [{"a": other} for kind, other in FITS if kind == rule]
    assert find_suspects([*fitting, {"a": value}, *fitting], contract_of(rule)) == {len(fitting)}


def test_a_text_without_a_limit_has_that_of_all_texts() -> None:
    contract = contract_of({"kind": "string"})
    assert contract.find_violation({"a": "x" * 4096}) is None
    assert contract.find_violation({"a": "x" * 4097}) is not None


def test_a_row_that_is_no_object_is_named_by_its_type() -> None:
    assert load_contract("sales").find_violation([1]) == Violation("wrong_type", "", "a row is a JSON object, not list")


def test_a_field_that_may_be_null_may_be_missing_and_no_other_takes_its_place() -> None:
    contract = contract_of({"kind": "boolean", "nullable": True})
    assert contract.find_violation({}) is None
    assert contract.find_violation({"b": 1}) == Violation("unknown_field", "b", "'b' is not in the contract")
    assert find_suspects([{}, {"a": None}, {"b": 1}, {"a": True}, {"a": 1}], contract) == {2, 4}


def test_a_field_that_is_null_is_missing() -> None:
    missing = Violation("missing_field", "a", "a is required")
    contract = contract_of({"kind": "boolean"})
    assert [contract.find_violation(row) for row in ({}, {"a": None})] == [missing, missing]


def test_an_unknown_name_is_cut_to_what_a_record_can_hold() -> None:
    found = load_contract("clickstream").find_violation(a_click(**{"x" * 300: 1}))
    assert found == Violation("unknown_field", "x" * 200, f"{'x' * 200!r} is not in the contract")


def test_a_contract_says_its_flow_its_format_and_its_policy() -> None:
    contract = contract_of(
        {"kind": "records", "max": 1, "fields": {"b": {"kind": "date"}}}, evolution={"new_field": "evolve"}
    )
    assert (contract.flow, contract.format, list(contract.kinds), contract.nullable) == (
        "f",
        "jsonl",
        ["a"],
        frozenset(),
    )
    assert contract.evolution == {"new_field": "evolve", "widened_type": "quarantine"}
    assert contract.records["a"].evolution == {"new_field": "evolve", "widened_type": "quarantine"}
    assert contract_of({"kind": "date"}).evolution == {"new_field": "quarantine", "widened_type": "quarantine"}


def test_the_faults_of_a_contract_stand_one_after_the_other() -> None:
    with pytest.raises(ValueError, match="no contract") as caught:
        contract_of({"kind": "date"}, format="xml", fields={})
    assert str(caught.value) == (
        "f.json is no contract: format: is 'xml', must be one of jsonl, json, csv, tsv, avro, parquet; "
        "fields: must be an object with a field at least"
    )


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("email_token", "jane.roe@example.com", "email_token: expected at most 4096 characters like"),
        ("items", [{"sku": "jane.roe@example.com"}], "items: expected "),
        ("items", "jane.roe@example.com", "items: expected a list of records, got str"),
    ],
)
def test_the_reason_of_a_violation_quotes_nothing_of_the_row(field: str, value: object, reason: str) -> None:
    found = load_contract("sales").find_violation(an_order(**{field: value}))
    assert found is not None
    assert found.field == field
    assert found.reason.startswith(reason)
    assert "jane" not in found.reason
