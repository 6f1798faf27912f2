"""No time of a row is long after its file arrived, or before there was data: such a row is set apart, and its neighbours land."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest

from functions.land_object.stage import react
from ripple.flows import load_contract
from ripple.handling.shell import Finalized
from ripple.rows.contracts.plausibility import expect_plausible, find_implausible
from ripple.rows.sales_schema import QUARANTINE_KEY, QUARANTINED_KEY, ROWS_KEY
from ripple.wire.events import BronzeObjectLanded, BronzeObjectRejected
from tests.functions.checked_objects import read_checked
from tests.functions.exported import left_out
from tests.functions.fakes import NOW, FakeEdge, cause
from tests.functions.junk.parquets import orders, replaced, write
from tests.functions.test_land_object import SALES, deliver, put
from tests.ripple.rows.sample_rows import a_click, a_startup

LATEST = NOW + dt.timedelta(days=2)
FLOOR = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
UTC = pa.timestamp("us", tz="UTC")


def land(times: Sequence[object], slack: int | None = None) -> tuple[FakeEdge, Any]:
    edge = FakeEdge()
    edge.settings = dataclasses.replace(edge.settings, event_slack_days=slack, reject_ratio=0.5)
    rows = [a_click(event_id=f"e-{number}", occurred_at=time) for number, time in enumerate(times)]
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    stored = put(edge, data)
    react(Finalized(ref=stored.ref, size=stored.size, metadata={}), cause(), edge)
    return edge, edge.publisher.sent[-1].fact


def test_an_event_of_the_year_9999_harms_only_itself() -> None:
    edge, landed = land(["2026-01-01T10:00:00Z"] * 3 + ["9999-12-31T23:59:59Z"])
    assert isinstance(landed, BronzeObjectLanded)
    assert (landed.rows, landed.rows_quarantined, landed.rows_checked) == (4, 1, 3)
    (record,) = edge.objects.lines(landed.quarantine_uri or "")
    assert (record["code"], record["field"], record["line"]) == ("implausible_time", "occurred_at", 4)
    assert "from 2000-01-01 to 2026-03-03T12:00:00Z, 2 days after it arrived" in record["message"]
    assert len(read_checked(edge, landed.checked_uri)) == 3


@pytest.mark.parametrize(
    ("time", "slack", "lands"),
    [
        (LATEST, None, True),
        (LATEST + SECOND, None, False),
        (FLOOR, None, True),
        (FLOOR - SECOND, None, False),
        (NOW, 0, True),
        (NOW + SECOND, 0, False),
        (NOW + dt.timedelta(days=400), 400, True),
        (NOW + dt.timedelta(days=400) + SECOND, 400, False),
    ],
)
def test_a_time_lands_up_to_its_bounds(time: dt.datetime, slack: int | None, lands: bool) -> None:
    _, fact = land(["2026-01-01T10:00:00Z", time.isoformat()], slack)
    assert fact.rows_quarantined == (0 if lands else 1)


def test_a_time_is_held_to_when_the_file_arrived_and_not_to_now() -> None:
    row = {"occurred_at": "2026-03-05T00:00:00Z", "ingested_at": "2026-03-05T00:00:00Z"}
    contract = load_contract("clickstream")
    assert find_implausible(row, expect_plausible(contract, NOW, None)) is not None
    assert find_implausible(row, expect_plausible(contract, NOW + dt.timedelta(days=2), None)) is None


def test_every_time_of_a_row_is_held_to_its_bounds() -> None:
    for flow, row in (("clickstream", a_click()), ("startups", a_startup())):
        contract = expect_plausible(load_contract(flow), NOW, None)
        for name in [name for name, rule in contract.kinds.items() if rule["kind"] == "timestamp"]:
            violation = contract.find_violation({**row, name: "2099-01-01T00:00:00Z"})
            assert violation is not None
            assert (violation.code, violation.field) == ("implausible_time", name)


def table_with(*times: dt.datetime) -> bytes:
    return write(replaced(orders(len(times)), "ordered_at", pa.array(times, UTC)))


def test_a_row_of_parquet_is_set_apart_after_those_that_the_export_left_out() -> None:
    """Its number is that of its document: the export left out the second and the fourth of five."""
    edge = FakeEdge()
    edge.settings = dataclasses.replace(edge.settings, reject_ratio=0.6)
    counts = {ROWS_KEY: "5", QUARANTINED_KEY: "2", QUARANTINE_KEY: left_out(edge, [2, 4])}
    good = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    landed = deliver(edge, put(edge, table_with(good, good + dt.timedelta(days=36500), good), SALES, **counts))
    assert isinstance(landed, BronzeObjectLanded)
    assert (landed.rows, landed.rows_quarantined, landed.rows_checked) == (5, 3, 2)
    records = edge.objects.lines(landed.quarantine_uri or "")
    assert [record["line"] for record in records] == [2, 4, 3]
    assert (records[2]["code"], records[2]["field"], records[2]["offset"]) == ("implausible_time", "ordered_at", 1)
    assert records[2]["object"] == landed.uri
    kept = read_checked(edge, landed.checked_uri)
    assert [row["source_offset"] for row in kept] == [0, 2]
    assert records[2]["line_hash"] not in {row["line_hash"] for row in kept}


def test_a_parquet_file_of_which_most_rows_are_implausible_is_refused_with_the_first() -> None:
    edge = FakeEdge()
    late = dt.datetime(2099, 1, 1, tzinfo=dt.UTC)
    rejected = deliver(edge, put(edge, table_with(late, late), SALES))
    assert isinstance(rejected, BronzeObjectRejected)
    assert rejected.code == "too_many_bad_rows"
    assert "implausible_time (2), first in row 1: ordered_at: expected a time from 2000-01-01" in rejected.reason
