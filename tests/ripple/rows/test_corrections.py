"""An edited record of quarantine becomes a line of Bronze, and each such line names a line that is in quarantine."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ripple.flows import load_contract
from ripple.rows.contracts import Violation
from ripple.rows.contracts.corrections import CORRECTS_KEY, expect_corrections, write_correction
from ripple.rows.contracts.evolution import examine
from ripple.rows.contracts.validation import CORRECTS_FIELD
from tests.ripple.rows.sample_rows import a_click
from tests.ripple.rows.test_evolution import evolving

RECORD = {"flow": "clickstream", "object": "gs://b/clickstream/x.jsonl", "generation": 1001, "line": 21}
CORRECTING = expect_corrections(load_contract("clickstream"), frozenset({7, 21}))


def a_record(raw: str, **changed: Any) -> dict[str, Any]:
    return RECORD | {"raw": raw, "code": "wrong_type"} | changed


@pytest.mark.parametrize(
    ("raw", "written"),
    [
        ('{"a": 1.10}', '{"_corrects":21, "a": 1.10}'),
        (' {  "a":[{}]} ', '{"_corrects":21, "a":[{}]}'),
        ("{}", '{"_corrects":21}'),
        ('\n{"a": 1}\r\n', '{"_corrects":21, "a": 1}'),
    ],
)
def test_an_edited_record_becomes_its_text_and_the_line_it_corrects(raw: str, written: str) -> None:
    assert write_correction(a_record(raw)) == written
    assert json.loads(written)[CORRECTS_FIELD] == 21


@pytest.mark.parametrize(
    ("record", "wrong"),
    [
        (a_record("{"), "line 21: its raw is still no JSON"),
        (a_record("[" * 100_000), "line 21: its raw is still no JSON"),
        (a_record("[]"), "line 21: its raw must be a JSON object"),
        (a_record('{"_corrects": 1}'), "line 21: its raw must be a JSON object without _corrects"),
        (a_record('{"a":\n1}'), "line 21: its raw must be one line"),
        (a_click(), "not a record of quarantine"),
        (a_record("{}", line="21"), "not a record of quarantine"),
        (a_record("{}") | {"raw": None}, "not a record of quarantine"),
    ],
)
def test_a_record_that_cannot_come_back_is_named_by_its_line(record: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        write_correction(record)


@pytest.mark.parametrize("line", [7, 21])
def test_a_row_that_names_a_quarantined_line_keeps_to_the_contract(line: int) -> None:
    assert CORRECTING.find_violation({CORRECTS_FIELD: line} | a_click()) is None


@pytest.mark.parametrize("line", [8, 0, "21", 21.0, True, [21]])
def test_a_row_that_names_no_quarantined_line_breaks_it(line: object) -> None:
    found = CORRECTING.find_violation({CORRECTS_FIELD: line} | a_click())
    assert found is not None
    assert (found.code, found.field) == ("correction_unknown", CORRECTS_FIELD)
    assert "expected the number of a line that is in quarantine" in found.message


@pytest.mark.parametrize("line", [21.0, 21.5, "21", 8])
def test_a_wrong_number_is_no_drift_and_never_lands(line: object) -> None:
    correcting = expect_corrections(evolving("clickstream"), frozenset({21}))
    examined = examine({CORRECTS_FIELD: line, "extra": 1} | a_click(), correcting)
    assert ([drift.field for drift in examined.drifts], examined.lands) == (["extra"], False)


def test_a_row_that_names_none_is_not_whole_and_is_looked_at_before_its_other_fields() -> None:
    assert CORRECTING.find_violation(a_click()) == Violation(
        "missing_field", CORRECTS_FIELD, f"{CORRECTS_FIELD} is required"
    )
    found = CORRECTING.find_violation({CORRECTS_FIELD: 8} | a_click(event_id=None))
    assert (found and found.code) == "correction_unknown"


def test_the_contract_of_corrections_is_its_flows_and_one_field_more() -> None:
    contract = load_contract("clickstream")
    assert CORRECTING.kinds == {CORRECTS_FIELD: {"kind": "line"}, **contract.kinds}
    assert list(CORRECTING.checks) == [CORRECTS_FIELD, *contract.checks]
    assert CORRECTING.find_violation({CORRECTS_FIELD: 7} | a_click(device="toaster")) == contract.find_violation(
        a_click(device="toaster")
    )


def test_objects_that_are_stored_keep_their_meaning() -> None:
    """Names that stand in buckets and files already."""
    assert (CORRECTS_KEY, CORRECTS_FIELD) == ("ripple-corrects", "_corrects")
