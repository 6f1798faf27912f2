"""What a run publishes: versions and current rows, whatever the order; nothing of what the audit or the fence holds back."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.sql.bronze import ARRIVED, Batch, Row, click, funding, order
from tests.sql.conftest import Lake
from tests.sql.project import PROJECT, actions_of, compile_graph
from tests.sql.runs import SILVER, count, run
from tests.sql.warehouse import Warehouse

PAID_AT = datetime(2026, 3, 1, tzinfo=UTC)
NUMBERS = itertools.count(1)
"""Numbers of batches, and epochs: a newer run has a higher one."""


def new_batch(lake: Lake, number: int | None = None) -> Batch:
    epoch = next(NUMBERS)
    return Batch(number=number or epoch, epoch=epoch, write=lake.write)


def publish(warehouse: Warehouse, batch: Batch) -> None:
    run(warehouse, batch, SILVER)


def orders_like(warehouse: Warehouse, prefix: str, columns: str = "order_id, status, batch") -> list[tuple[Any, ...]]:
    query = f"SELECT {columns} FROM `{PROJECT}.silver.orders` WHERE STARTS_WITH(order_id, '{prefix}') ORDER BY order_id"
    return [tuple(row.values()) for row in warehouse.rows(query)]


def test_a_refund_is_the_current_row_and_what_was_paid_is_history(lake: Lake, warehouse: Warehouse) -> None:
    paid, refunded = new_batch(lake), new_batch(lake)
    paid.add("sales", "paid", [order("refund-1", "ann", 59, updated_at=PAID_AT)])
    later = order("refund-1", "ann", 59, updated_at=PAID_AT + timedelta(days=1), status="refunded")
    refunded.add("sales", "refunded", [later])
    for batch in (paid, refunded):
        publish(warehouse, batch)
    assert orders_like(warehouse, "refund-") == [("refund-1", "refunded", refunded.number)]
    assert count(warehouse, "silver.orders_versions", "order_id = 'refund-1'") == 2
    assert count(warehouse, "silver.duplicate_rows", "key = 'refund-1' AND reason = 'superseded'") == 1
    counts = warehouse.rows(f"SELECT * FROM `{PROJECT}.ops.file_counts` WHERE batch = {paid.number}")[0]
    assert [counts[f"count_{name}"] for name in ("rows", "silver", "duplicate", "superseded")] == [1, 0, 1, 1]
    items = warehouse.rows(f"SELECT batch FROM `{PROJECT}.silver.order_items` WHERE order_id = 'refund-1'")
    assert items == [{"batch": refunded.number}] * 2


def test_an_older_version_that_comes_late_is_history(lake: Lake, warehouse: Warehouse) -> None:
    newer, older = new_batch(lake), new_batch(lake)
    newer.add("sales", "newer", [order("late-1", "ann", 59, updated_at=PAID_AT, status="refunded")])
    older.add("sales", "older", [order("late-1", "ann", 59, updated_at=PAID_AT - timedelta(days=1))])
    for batch in (newer, older):
        publish(warehouse, batch)
    assert orders_like(warehouse, "late-") == [("late-1", "refunded", newer.number)]


def test_an_order_that_moves_to_another_day_is_one_order(lake: Lake, warehouse: Warehouse) -> None:
    for batch, day in ((new_batch(lake), 10), (new_batch(lake), 20), (new_batch(lake), 15)):
        updated = PAID_AT + timedelta(days=1 if day == 20 else 0)
        batch.add("sales", f"moved-{day}", [order("moved-1", "ann", day, updated_at=updated)])
        publish(warehouse, batch)
    assert orders_like(warehouse, "moved-", "order_date") == [(date(2026, 1, 21),)]
    assert count(warehouse, "silver.order_items", "order_id = 'moved-1'") == 2


def test_a_name_that_is_written_again_is_another_file(lake: Lake, warehouse: Warehouse) -> None:
    rows = [funding(f"again-{number}", "acme", 60) for number in range(5)]
    first, second = new_batch(lake), new_batch(lake)
    uri = first.add("startups", "again", rows[:3], ["bad"])
    second.add("startups", "again", rows, generation=2, arrived_at=ARRIVED + timedelta(hours=1))
    for batch in (first, second, second):
        publish(warehouse, batch)
    mine = f"source_uri = '{uri}'"
    assert count(warehouse, "silver.startup_events", mine) == 5
    assert count(warehouse, "silver.startup_events", f"{mine} AND source_generation = 1") == 3
    found = warehouse.rows(f"SELECT * FROM `{PROJECT}.ops.file_counts` WHERE {mine} ORDER BY source_generation")
    names = ("rows", "silver", "rejected", "duplicate")
    assert [[row[f"count_{name}"] for name in names] for row in found] == [[4, 3, 1, 0], [5, 2, 0, 3]]


def test_a_row_that_breaks_a_rule_is_set_aside_alone(lake: Lake, warehouse: Warehouse) -> None:
    wrong = {
        "net_adds_up": order("rule-1", "ann", 30, gross_cents=100, discount_cents=0, tax_cents=0, shipping_cents=0, net_cents=7),
        "discount_within_gross": order("rule-2", "ann", 30, gross_cents=50, discount_cents=60, net_cents=90),
        "items_counted": order("rule-3", "ann", 30, item_count=3),
    }  # fmt: skip
    good = [order("rule-good", "ann", 30), order("rule-null", "ann", 30, net_cents=None)]
    batch = new_batch(lake)
    uri = batch.add("sales", "rules", [*good, *wrong.values()], ["bad"])
    publish(warehouse, batch)
    assert [row[0] for row in orders_like(warehouse, "rule-")] == ["rule-good", "rule-null"]
    rows = warehouse.rows(f"SELECT * FROM `{PROJECT}.silver.rejected_rows` WHERE source_uri = '{uri}' AND line IS NULL")
    assert {row["code"]: row["key"] for row in rows} == {name: row["order_id"] for name, row in wrong.items()}
    assert {json.loads(row["raw"])["order_id"] for row in rows} == {"rule-1", "rule-2", "rule-3"}
    assert count(warehouse, "silver.orders_versions", f"source_uri = '{uri}'") == 2
    counts = warehouse.rows(f"SELECT * FROM `{PROJECT}.ops.file_counts` WHERE source_uri = '{uri}'")[0]
    assert [counts[f"count_{name}"] for name in ("rows", "quarantined", "silver", "rejected")] == [6, 1, 2, 4]
    assert count(warehouse, "ops.quarantine_open", f"source_uri = '{uri}'") == 4


def test_a_row_that_broke_a_rule_is_open_until_its_key_comes_right(lake: Lake, warehouse: Warehouse) -> None:
    wrong, right = new_batch(lake), new_batch(lake)
    wrong.add("sales", "open-wrong", [order("open-1", "ann", 30, net_cents=7)])
    publish(warehouse, wrong)
    assert count(warehouse, "ops.quarantine_open", f"batch = {wrong.number}") == 1
    right.add("sales", "open-right", [order("open-1", "ann", 30)])
    publish(warehouse, right)
    assert count(warehouse, "ops.quarantine_open", f"batch = {wrong.number}") == 0


def test_a_run_that_is_older_than_the_fence_changes_nothing(lake: Lake, warehouse: Warehouse) -> None:
    zombie, newer = new_batch(lake), new_batch(lake)
    zombie.add("sales", "zombie", [order("zombie-1", "ann", 30)])
    newer.add("sales", "newer-run", [order("zombie-2", "ann", 30)])
    publish(warehouse, newer)
    before = warehouse.contents()
    with pytest.raises(BadRequest, match=f"A newer run than epoch {zombie.epoch} has begun"):
        publish(warehouse, zombie)
    assert warehouse.contents() == before


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"rows_checked": 3}, "has 2 rows, landing counted 3"),
        ({"rows_quarantined": 0}, "has 1 rows in quarantine, landing counted 0"),
        ({"generation": 9}, "has 0 rows, landing counted 2"),
    ],
)
def test_what_the_audit_finds_is_not_published(
    changes: dict[str, Any], finding: str, lake: Lake, warehouse: Warehouse
) -> None:
    batch = new_batch(lake)
    batch.add("sales", "innocent", [order("audit-1", "ann", 30)])
    batch.add("sales", "audited", [order("audit-2", "ann", 30), order("audit-3", "ann", 31)], ["bad"])
    batch.files[-1] |= changes
    run(warehouse, batch, ("ops.create_tables",))
    before = warehouse.contents()
    with pytest.raises(
        BadRequest, match=r"The audit of sales found what must not be published; objects: [0-9a-f,]+; first: gs:"
    ):
        publish(warehouse, batch)
    assert warehouse.contents() == before
    audit = f"{PROJECT}.staging.objects_sales__b{batch.number}_e{batch.epoch}_p0"
    rows = warehouse.rows(f"SELECT finding FROM `{audit}` WHERE finding IS NOT NULL")
    assert any(finding in row["finding"] for row in rows)


def test_a_flow_without_files_compiles_to_nothing_of_it() -> None:
    graph = compile_graph(1, flows=["startups"], checked=["startups"], quarantined=[])
    names = {action.target for action in actions_of(graph)}
    assert {"staging.startups__b1_e1_p0", "silver.startup_events"} <= names
    assert not {name for name in names if name.startswith("staging.") and "startups" not in name}
    assert not {"silver.orders", "silver.clickstream_events"} & names


def test_a_run_of_refused_rows_alone_is_published(lake: Lake, warehouse: Warehouse) -> None:
    batch = new_batch(lake)
    uri = batch.add("clickstream", "all-bad", [], ["bad", "worse"])
    publish(warehouse, batch)
    assert count(warehouse, "silver.rejected_rows", f"source_uri = '{uri}'") == 2
    assert count(warehouse, "ops.file_counts", f"source_uri = '{uri}' AND count_rows = count_rejected") == 1


def test_a_replay_with_other_rows_takes_back_what_was_there(lake: Lake, warehouse: Warehouse) -> None:
    """As when its source is checked again by another contract."""
    first, again = new_batch(lake), new_batch(lake)
    first.add("clickstream", "recheck", [click("recheck-1", "ann", 5), click("recheck-2", "ann", 6)])
    first.add("clickstream", "keeps", [click("recheck-3", "ann", 5)])
    publish(warehouse, first)
    again = new_batch(lake, first.number)
    again.add("clickstream", "recheck", [click("recheck-2", "ann", 6)], ["bad"])
    publish(warehouse, again)
    rows = warehouse.rows(
        f"SELECT event_id FROM `{PROJECT}.silver.clickstream_events` WHERE STARTS_WITH(event_id, 'recheck-')"
    )
    assert sorted(row["event_id"] for row in rows) == ["recheck-2", "recheck-3"]


def test_gold_is_left_the_days_that_a_run_touched(lake: Lake, warehouse: Warehouse) -> None:
    batch = new_batch(lake)
    batch.add("startups", "touched", [funding("touched-1", "acme", 100), funding("touched-2", "acme", 101)])
    for _ in range(2):
        publish(warehouse, batch)
    assert count(warehouse, "ops.touched_startups", "day IN (DATE '2026-04-11', DATE '2026-04-12')") == 2


@dataclass(frozen=True, slots=True)
class Delivered:
    """A row of an object: a key, a version of it, and the day that it is of."""

    key: int
    version: int
    day: int
    value: int


ROWS = st.lists(
    st.builds(
        Delivered, key=st.integers(1, 3), version=st.integers(1, 2), day=st.integers(1, 2), value=st.integers(1, 2)
    ),
    min_size=1,
    max_size=3,
)
RUNS = st.lists(st.lists(ROWS, min_size=1, max_size=2), min_size=1, max_size=3)
SETTINGS = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    # Each example runs several batches: to shrink a failing one took minutes.
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@SETTINGS
@given(runs=RUNS, data=st.data())
def test_current_rows_follow_from_what_was_delivered_in_whatever_order(
    lake: Lake, warehouse: Warehouse, runs: list[list[list[Delivered]]], data: st.DataObject
) -> None:
    example = f"any{next(NUMBERS)}"
    made = [_batch_of(lake, f"{example}-{number}", objects) for number, objects in enumerate(runs)]
    order_of_runs = data.draw(st.lists(st.sampled_from(range(len(made))), max_size=2).flatmap(
        lambda replays: st.permutations([*range(len(made)), *replays])
    ))  # fmt: skip
    for at in order_of_runs:
        batch = made[at]
        batch.epoch = next(NUMBERS)
        run(warehouse, batch, ("ops.create_tables", "staging.", "silver.orders", "silver.clickstream_events"))
    assert _current(warehouse, "orders", "order_id", example) == _expect(made, "sales", "order_id")
    assert _current(warehouse, "clickstream_events", "event_id", example) == _expect(made, "clickstream", "event_id")
    versions = f"STARTS_WITH(order_id, '{example}-')"
    assert count(warehouse, "silver.orders_versions", versions) == len(_delivered(made, "sales"))


def _delivered(batches: Sequence[Batch], flow: str) -> list[Row]:
    return [row for batch in batches for row in batch.delivered if row["flow"] == flow]


def _expect(batches: Sequence[Batch], flow: str, key: str) -> dict[str, tuple[Any, ...]]:
    """Of each key where its current row comes from, said in Python: the newest version, or the copy that arrived first."""
    found: dict[str, tuple[Any, ...]] = {}
    for row in _delivered(batches, flow):
        identity = row["source_generation"], row["source_uri"], row["source_offset"]
        place = row.get("updated_at"), row["line_hash"], *identity
        if flow != "sales":
            place = (
                row["arrived_at"],
                row["line_hash"],
                row["source_uri"],
                row["source_generation"],
                row["source_offset"],
            )
        best = max if flow == "sales" else min
        found[row[key]] = best(found.get(row[key], (place, identity)), (place, identity))
    return {name: identity for name, (_, identity) in found.items()}


def _current(warehouse: Warehouse, table: str, key: str, example: str) -> dict[str, tuple[Any, ...]]:
    query = (
        f"SELECT {key} AS key, source_generation, source_uri, source_offset FROM `{PROJECT}.silver.{table}` "
        f"WHERE STARTS_WITH({key}, '{example}-')"
    )
    rows = [tuple(row.values()) for row in warehouse.rows(query)]
    assert len({row[0] for row in rows}) == len(rows)
    return {row[0]: row[1:] for row in rows}


def _batch_of(lake: Lake, name: str, objects: Sequence[Sequence[Delivered]]) -> Batch:
    batch = new_batch(lake)
    example = name.split("-", maxsplit=1)[0]
    for at, rows in enumerate(objects):
        updated = [PAID_AT + timedelta(minutes=row.version) for row in rows]
        batch.add("sales", f"{name}-{at}", [
            order(f"{example}-{row.key}", "ann", row.day, updated_at=when, customer_age_days=float(row.value))
            for row, when in zip(rows, updated, strict=True)
        ])  # fmt: skip
        arrived = ARRIVED + timedelta(minutes=rows[0].version)
        clicks = [click(f"{example}-{row.key}", "ann", row.day, dwell_ms=row.value) for row in rows]
        batch.add("clickstream", f"{name}-{at}", clicks, arrived_at=arrived)
    return batch
