"""A row keeps to its flow's contract, or the first thing wrong is named by code and field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ripple.errors import PermanentError
from ripple.flows import load_contract
from ripple.rows.sales_schema import arrow_schema
from tests.ripple.rows.sample_rows import GOOD

TABLE = yaml.safe_load((Path(__file__).parent / "contract_cases.yaml").read_text())
CASES = [
    (flow, code, field, changed)
    for flow, codes in TABLE.items()
    for code, cases in codes.items()
    for field, changed in cases
]
VALID: list[tuple[str, dict[str, Any]]] = [
    *((flow, {}) for flow in GOOD),
    ("clickstream", {"product_id": "p-1"}),
    ("clickstream", {"occurred_at": 1767323045678, "ingested_at": "2026-01-02T03:04:05.123456789+05:30"}),
    ("clickstream", {"sequence": 100000, "dwell_ms": 3600000, "page": "x" * 2048}),
    ("startups", {"amount_cents": 2**53, "investors": ["a", "b"]}),
    ("sales", {"ordered_at": "Fri, 02 Jan 2026 03:04:05 GMT", "updated_at": 1767323045, "discount_rate": 1}),
    ("sales", {"items": [], "customer_age_days": 0}),
]


@pytest.mark.parametrize(("flow", "changed"), VALID)
def test_a_row_that_keeps_to_its_contract_has_no_violation(flow: str, changed: dict[str, Any]) -> None:
    assert load_contract(flow).find_violation(GOOD[flow](**changed)) is None


@pytest.mark.parametrize(("flow", "code", "field", "changed"), CASES)
def test_a_violation_is_named_by_code_and_field(flow: str, code: str, field: str, changed: dict[str, Any]) -> None:
    found = load_contract(flow).find_violation(GOOD[flow](**changed))
    assert found is not None
    assert (found.code, found.field) == (code, field)
    assert found.message


def test_every_flow_has_cases_of_every_code() -> None:
    codes = {code for cases in TABLE.values() for code in cases}
    assert {flow: set(cases) for flow, cases in TABLE.items()} == dict.fromkeys(GOOD, codes)


@pytest.mark.parametrize("flow", GOOD)
@pytest.mark.parametrize("row", [None, [], "row", 7])
def test_what_is_no_object_is_no_row(flow: str, row: object) -> None:
    found = load_contract(flow).find_violation(row)
    assert found is not None
    assert found.code == "wrong_type"


@pytest.mark.parametrize("flow", GOOD)
def test_every_field_of_a_good_row_is_required_unless_it_may_be_null(flow: str) -> None:
    contract = load_contract(flow)
    row = GOOD[flow]()
    silent = {name for name in row if contract.find_violation({k: v for k, v in row.items() if k != name}) is None}
    assert silent == contract.nullable


def test_a_flow_without_a_contract_is_not_found() -> None:
    with pytest.raises(PermanentError, match="flow_unknown"):
        load_contract("parcels")


def test_sales_in_bronze_have_the_fields_of_the_contract_in_its_order() -> None:
    contract = load_contract("sales")
    assert arrow_schema(contract).names == list(contract.kinds)
