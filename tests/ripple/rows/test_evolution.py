"""Drift is named without its values; what may evolve is cut out exactly as it is written, and all else stays refused."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ripple.flows import find_flow, load_contract
from ripple.rows.contracts import Contract, read_contract
from ripple.rows.contracts.cutting import cut_from_line
from ripple.rows.contracts.drift_report import MOST_FIELDS, DriftTally, read_report, write_report
from ripple.rows.contracts.evolution import WIDER, Drift, examine, name_type
from ripple.rows.contracts.lines import BadLine, JudgedLine, Line, RescuedLine, judge_lines
from tests.ripple.rows.sample_rows import GOOD, a_click

HERE = Path(__file__).parent
CASES = yaml.safe_load((HERE / "drift_cases.yaml").read_text())
FAULTS = yaml.safe_load((HERE / "contract_faults.yaml").read_text())


def source_of(flow: str) -> dict[str, Any]:
    return dict(find_flow(flow).contract)


def evolving(flow: str, **policy: str) -> Contract:
    """The shipped contract, but that drift evolves."""
    evolution = policy or {"new_field": "evolve", "widened_type": "evolve"}
    return read_contract(source_of(flow) | {"evolution": evolution}, flow)


def changed_row(case: dict[str, Any]) -> dict[str, Any]:
    return GOOD[case["flow"]](**{str(name): value for name, value in case["changed"].items()})


@pytest.mark.parametrize("case", CASES, ids=lambda case: json.dumps(case["changed"])[:60])
def test_drift_is_named_and_lands_only_where_nothing_else_is_wrong(case: dict[str, Any]) -> None:
    examined = examine(changed_row(case), evolving(case["flow"]))
    assert [[drift.kind, drift.field, drift.declared, drift.seen] for drift in examined.drifts] == case["drifts"]
    assert examined.lands is case["lands"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: json.dumps(case["changed"])[:60])
def test_the_shipped_contracts_see_the_same_drift_and_let_none_through(case: dict[str, Any]) -> None:
    contract = load_contract(case["flow"])
    examined = examine(changed_row(case), contract)
    assert examined.drifts == examine(changed_row(case), evolving(case["flow"])).drifts
    assert contract.find_violation(changed_row(case)) is not None
    assert not examined.lands


def test_the_kinds_that_widen_are_those_that_have_a_wider_one() -> None:
    widened = {declared for case in CASES for kind, _, declared, _ in case["drifts"] if kind == "widened_type"}
    assert widened == WIDER


@pytest.mark.parametrize("flow", GOOD)
def test_a_row_without_drift_has_nothing_to_rescue(flow: str) -> None:
    examined = examine(GOOD[flow](), evolving(flow))
    assert (examined.drifts, examined.paths, examined.lands) == ((), (), False)


@pytest.mark.parametrize(
    ("policy", "lands"),
    [
        ({"new_field": "evolve"}, [True, False, False]),
        ({"widened_type": "evolve"}, [False, True, False]),
        ({"new_field": "evolve", "widened_type": "evolve"}, [True, True, True]),
    ],
)
def test_each_kind_of_drift_evolves_by_its_own_word(policy: dict[str, str], lands: list[bool]) -> None:
    rows = [a_click(extra=1), a_click(dwell_ms=1.5), a_click(extra=1, dwell_ms=1.5)]
    assert [examine(row, evolving("clickstream", **policy)).lands for row in rows] == lands


@pytest.mark.parametrize(("changed", "fault"), FAULTS, ids=lambda value: str(value)[:50])
def test_a_contract_that_is_none_is_refused_with_the_place_of_its_fault(changed: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=r"^clicks\.json is no contract: ") as caught:
        read_contract(source_of("clickstream") | changed, "clicks.json")
    assert fault in str(caught.value)


def test_all_faults_of_a_contract_are_named_together() -> None:
    with pytest.raises(ValueError, match="no contract") as caught:
        read_contract({"evolution": {"new_field": "x", "y": "z"}, "fields": {}}, "x.json")
    assert str(caught.value).count(";") == 5
    with pytest.raises(ValueError, match="JSON object"):
        read_contract([], "x.json")


def judge(line: str, contract: Contract) -> JudgedLine:
    (found,) = judge_lines([Line(1, 0, line.encode())], contract)
    return found


def spliced(text: str) -> str:
    return json.dumps(a_click())[:-1] + ", " + text + "}"


EXACT = {
    "a nested value": ('"extra" : { "b": [1, 2.50], "a":null }', '{"extra":{ "b": [1, 2.50], "a":null }}'),
    "an integer beyond 64 bits": ('"big": 123456789012345678901234567890', '{"big":123456789012345678901234567890}'),
    "more digits than int() reads": ('"big": ' + "9" * 250 + ".5e-10", '{"big":' + "9" * 250 + ".5e-10}"),
    "keys in order": ('"b": 1, "a": "\\u00e9"', '{"a":"\\u00e9","b":1}'),
    "an escaped key": ('"e\\u0078tra": 1', '{"extra":1}'),
    "a key with quotes": ('"a\\"b": "}"', '{"a\\"b":"}"}'),
}


@pytest.mark.parametrize("what", EXACT)
def test_what_is_rescued_of_a_line_is_its_own_text(what: str) -> None:
    text, rescued = EXACT[what]
    found = judge(spliced(text), evolving("clickstream"))
    assert isinstance(found, RescuedLine)
    assert found.rescued == rescued


def test_a_widened_value_is_rescued_under_its_field() -> None:
    found = judge(json.dumps(a_click()).replace('"dwell_ms": 10', '"dwell_ms": 1.0e1'), evolving("clickstream"))
    assert isinstance(found, RescuedLine)
    assert found.rescued == '{"dwell_ms":1.0e1}'


def test_a_rescued_line_is_as_large_as_it_was_written() -> None:
    line = spliced('"extra": "' + "x" * 1000 + '"')
    found = judge(line, evolving("clickstream"))
    assert isinstance(found, RescuedLine)
    assert found.size == len(line)


def test_a_part_that_nests_very_deep_is_cut_out_whole_or_stays_in_quarantine() -> None:
    deep = "[" * 1000 + "]" * 1000
    found = judge(spliced(f'"deep": {deep}'), evolving("clickstream"))
    assert isinstance(found, BadLine) or (isinstance(found, RescuedLine) and found.rescued == f'{{"deep":{deep}}}')
    assert found.drifts[0].field == "deep"


@pytest.mark.parametrize(
    "line",
    [
        json.dumps(a_click())[:-1],
        spliced('"extra": 1, "extra": 2'),
        spliced('"extra": "\ufffd"'),
        "[1]",
        "null",
        "\x00",
    ],
)
def test_a_line_that_is_no_row_is_bad_whatever_may_evolve(line: str) -> None:
    found = judge(line, evolving("clickstream"))
    assert isinstance(found, BadLine)
    assert found.drifts == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(min_size=1).filter(lambda name: name not in a_click()), JSON, min_size=1, max_size=5))
def test_any_new_fields_come_back_as_they_were(extra: dict[str, Any]) -> None:
    line = json.dumps(a_click() | extra, ensure_ascii=False)
    assert json.loads(cut_from_line(line, [(name,) for name in extra])) == extra


@given(st.dictionaries(st.text(), JSON, max_size=3) | JSON)
def test_any_row_is_examined(row: Any) -> None:
    for flow in GOOD:
        contract = evolving(flow)
        merged = GOOD[flow]() | row if isinstance(row, dict) else {**GOOD[flow](), "items": row, "dwell_ms": row}
        assert (contract.find_violation(merged) is None) or (examine(merged, contract).lands in (True, False))


def a_drift(number: int) -> Drift:
    return Drift(kind="new_field", field=f"f{number}", declared="", seen="string")


def test_a_tally_is_bounded_and_counts_beyond() -> None:
    tally = DriftTally()
    for line in range(1, 4):
        tally.add([a_drift(number) for number in range(MOST_FIELDS + 10)], line, rescued=line == 1)
    report = tally.report(load_contract("sales"))
    assert report is not None
    assert (len(report.drifts), report.drifts_further, report.rows_drifted, report.rows_rescued) == (50, 30, 3, 1)
    assert report.drifts[0] == {"field": "f0", "kind": "new_field", "seen": "string", "rows": 3, "first_line": 1}
    assert report.policy == {"new_field": "quarantine", "widened_type": "quarantine"}
    assert read_report(write_report(report).encode()) == report


def test_a_report_is_text_with_its_keys_in_order_and_says_what_was_declared() -> None:
    tally = DriftTally()
    tally.add([Drift(kind="widened_type", field="a", declared="integer", seen="number"), a_drift(1)], 7, rescued=True)
    report = tally.report(load_contract("startups"))
    assert report is not None
    assert json.loads(write_report(report))["drifts"] == [
        {"field": "a", "kind": "widened_type", "declared": "integer", "seen": "number", "rows": 1, "first_line": 7},
        {"field": "f1", "kind": "new_field", "seen": "string", "rows": 1, "first_line": 7},
    ]
    assert write_report(report) == json.dumps(json.loads(write_report(report)), sort_keys=True)
    assert read_report(write_report(report).encode()) == report


@pytest.mark.parametrize(("size", "is_read"), [(65_536, True), (65_537, False)])
def test_a_report_is_read_up_to_its_size_and_no_further(size: int, is_read: bool) -> None:
    text = json.dumps(REPORT | {"policy": {"a": "b"}}).encode()
    padded = text.replace(b'"b"', b'"' + b"b" * (size - len(text) + 1) + b'"')
    assert len(padded) == size
    if is_read:
        assert read_report(padded).rows_drifted == 1
    else:
        with pytest.raises(ValueError, match="at most 65536 bytes"):
            read_report(padded)


def test_rows_without_drift_make_no_report() -> None:
    tally = DriftTally()
    tally.add([], 1, rescued=False)
    assert tally.report(load_contract("sales")) is None


ENTRY = {"field": "a", "kind": "new_field", "seen": "string", "rows": 1, "first_line": 1}
REPORT = {"policy": {}, "drifts": [ENTRY], "drifts_further": 0, "rows_drifted": 1, "rows_rescued": 0}


@pytest.mark.parametrize(
    "changed",
    [
        {"policy": None},
        {"policy": {"a": 1}},
        {"drifts": {}},
        {"drifts": [ENTRY] * 51},
        {"drifts": [1]},
        {"drifts": [ENTRY, ENTRY | {"example": "x"}]},
        {"drifts": [ENTRY | {"rows": True}]},
        {"rows_drifted": "1"},
        {"more": 1},
        {"policy": {"a": "x" * 70_000}},
    ],
    ids=lambda changed: str(changed)[:40],
)
def test_a_report_that_no_tally_wrote_is_refused(changed: dict[str, Any]) -> None:
    assert read_report(json.dumps(REPORT).encode())
    with pytest.raises(ValueError, match="not a report of drift"):
        read_report(json.dumps(REPORT | changed).encode())


@given(st.binary(max_size=200))
@pytest.mark.parametrize("head", [b"", b"[" * 50_000])
def test_any_bytes_as_a_report_are_refused(head: bytes, data: bytes) -> None:
    with pytest.raises(ValueError, match="not a report of drift"):
        read_report(head + data)


@pytest.mark.parametrize(("new", "lands"), [(1000, True), (1001, False)])
def test_a_row_of_very_many_new_fields_is_no_schema_change(new: int, lands: bool) -> None:
    examined = examine(a_click(**{f"n{number}": number for number in range(new)}), evolving("clickstream"))
    assert (examined.lands, len(examined.paths)) == (lands, 1000)


SMALL = read_contract(
    {
        "flow": "f",
        "format": "jsonl",
        "evolution": {"new_field": "evolve", "widened_type": "evolve"},
        "fields": {
            "day": {"kind": "date", "nullable": True},
            "parts": {"kind": "records", "max": 2, "nullable": True, "fields": {"n": {"kind": "boolean"}}},
        },
    },
    "f.json",
)


@pytest.mark.parametrize(("items", "lands"), [(2, True), (3, False)])
def test_a_list_of_too_many_records_does_not_land_whatever_they_gained(items: int, lands: bool) -> None:
    examined = examine({"parts": [{"n": True, "gift": 1}] * items}, SMALL)
    assert (len(examined.paths), examined.lands) == (items, lands)
    assert not examine({"parts": [{"n": True}] * 3, "extra": 1}, SMALL).lands


def test_a_moment_in_place_of_a_date_is_a_wider_type() -> None:
    (drift,) = examine({"day": dt.datetime(2026, 1, 2, tzinfo=dt.UTC)}, SMALL).drifts
    assert drift == Drift(kind="widened_type", field="day", declared="date", seen="timestamp")


@pytest.mark.parametrize(
    ("value", "name"),
    [(None, "null"), (True, "boolean"), (1, "integer"), (1.0, "number"), ("", "string"), ({}, "object"), ([], "array"),
     (dt.datetime(2026, 1, 2, tzinfo=dt.UTC), "timestamp"), (b"", "other")],
)  # fmt: skip
def test_a_value_is_named_by_its_type(value: object, name: str) -> None:
    assert name_type(value) == name
