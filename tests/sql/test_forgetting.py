"""What was asked to be forgotten is in no table after the next run, whoever published it, and every row stays accounted for."""

from __future__ import annotations

import json

import pytest

from cli.erased_rows import empty_checked
from tests.sql.bronze import Batch, click, funding, order
from tests.sql.conftest import Lake
from tests.sql.project import PROJECT
from tests.sql.runs import SILVER, count, run
from tests.sql.test_publishing import new_batch
from tests.sql.warehouse import Warehouse

NAMES = ("rows", "silver", "rejected", "duplicate", "forgotten")


def publish(warehouse: Warehouse, batch: Batch) -> None:
    run(warehouse, batch, SILVER)


def again(lake: Lake, batch: Batch) -> Batch:
    """The same batch under a newer epoch, without its lists."""
    return Batch(number=batch.number, epoch=new_batch(lake).epoch, write=lake.write)


def again_with(lake: Lake, batch: Batch) -> Batch:
    """The same, with its lists."""
    later = again(lake, batch)
    later.files = [file | {"epoch": later.epoch} for file in batch.files]
    later.keys = [stone | {"epoch": later.epoch} for stone in batch.keys]
    return later


def counts(warehouse: Warehouse, uri: str) -> list[int]:
    (row,) = warehouse.rows(f"SELECT * FROM `{PROJECT}.ops.file_counts` WHERE source_uri = '{uri}'")
    assert row["count_rows"] == sum(row[f"count_{name}"] for name in NAMES[1:])
    return [row[f"count_{name}"] for name in NAMES]


def test_an_object_is_forgotten_and_another_keeps_its_rows(lake: Lake, warehouse: Warehouse) -> None:
    first = new_batch(lake)
    gone = first.add("startups", "gone", [funding("g-a", "acme", 60), funding("g-b", "acme", 60)], ["bad"])
    kept = first.add("startups", "stays", [funding("g-b", "acme", 60), funding("g-c", "acme", 60)])
    publish(warehouse, first)
    later = again(lake, first)
    later.forget(first.files[0])
    later.files.append(first.files[1] | {"epoch": later.epoch})
    publish(warehouse, later)
    found = warehouse.rows(
        f"SELECT event_id, source_uri FROM `{PROJECT}.silver.startup_events` WHERE STARTS_WITH(event_id, 'g-')"
    )
    assert sorted(tuple(row.values()) for row in found) == [("g-b", kept), ("g-c", kept)]
    assert count(warehouse, "silver.startup_events_versions", f"source_uri = '{gone}'") == 0
    assert count(warehouse, "silver.rejected_rows", f"source_uri = '{gone}'") == 0
    assert (counts(warehouse, gone), counts(warehouse, kept)) == ([3, 0, 0, 0, 3], [2, 2, 0, 0, 0])


@pytest.fixture
def with_key(lake: Lake, warehouse: Warehouse) -> tuple[Batch, list[str]]:
    """Two batches that delivered one order, one of them in quarantine too; the first, and the URIs."""
    first, second = new_batch(lake), new_batch(lake)
    prefix = f"k{first.number}"
    raw = json.dumps({"order_id": f"{prefix}-x", "net_cents": "secret"})
    uris = [
        first.add("sales", f"{prefix}-1", [order(f"{prefix}-x", "ann", 59), order(f"{prefix}-y", "ann", 59)], [raw]),
        second.add("sales", f"{prefix}-2", [order(f"{prefix}-x", "ann", 60, net_cents=7)]),
    ]
    for batch in (first, second):
        publish(warehouse, batch)
    return first, uris


def secrets(warehouse: Warehouse, key: str) -> dict[str, int]:
    """In how many rows of each table the key stands, as itself or in a text."""
    tables = {
        "silver.orders": "order_id = '{}'",
        "silver.orders_versions": "order_id = '{}'",
        "silver.order_items": "order_id = '{}'",
        "silver.rejected_rows": "key = '{}' OR raw LIKE '%{}%' OR message LIKE '%{}%'",
    }
    found: dict[str, int] = {}
    for table, where in tables.items():
        found[table] = count(warehouse, table, where.replace("{}", key))
    return found


def test_a_key_is_taken_out_of_what_any_run_published(
    lake: Lake, warehouse: Warehouse, with_key: tuple[Batch, list[str]]
) -> None:
    first, uris = with_key
    key = f"k{first.number}-x"
    assert all(secrets(warehouse, key).values())
    other = new_batch(lake)
    other.add("sales", f"{key}-other", [order(f"{key}-z", "bob", 59)])
    other.forget_key("sales", key)
    publish(warehouse, other)
    assert not any(secrets(warehouse, key).values()), secrets(warehouse, key)
    assert [counts(warehouse, uri) for uri in uris] == [[3, 1, 1, 0, 1], [1, 0, 1, 0, 0]]
    assert count(warehouse, "silver.orders", f"order_id = 'k{first.number}-y'") == 1


def test_a_forgotten_key_never_comes_back(lake: Lake, warehouse: Warehouse, with_key: tuple[Batch, list[str]]) -> None:
    first, uris = with_key
    key = f"k{first.number}-x"
    replayed = again_with(lake, first)
    replayed.forget_key("sales", key)
    late = new_batch(lake)
    uri = late.add("sales", f"{key}-late", [order(key, "ann", 61, updated_at=order(key, "ann", 90)["ordered_at"])])
    late.forget_key("sales", key)
    for batch in (replayed, late, again_with(lake, replayed), again_with(lake, late)):
        publish(warehouse, batch)
    assert not any(secrets(warehouse, key).values()), secrets(warehouse, key)
    assert (counts(warehouse, uris[0]), counts(warehouse, uri)) == ([3, 1, 1, 0, 1], [1, 0, 0, 0, 1])


def test_a_table_of_before_gets_the_columns_that_it_lacks(lake: Lake, warehouse: Warehouse) -> None:
    batch = new_batch(lake)
    batch.add("clickstream", "columns", [click("columns-1", "ann", 60)])
    publish(warehouse, batch)
    for table in ("ops.clickstream_events_objects", "silver.clickstream_events_versions", "silver.clickstream_events"):
        lacking = "count_forgotten" if table.startswith("ops.") else "dwell_ms"
        name = f"`{PROJECT}.{table}`"
        warehouse.rows(f"CREATE OR REPLACE TABLE {name} AS SELECT * EXCEPT ({lacking}) FROM {name}")
    publish(warehouse, again_with(lake, batch))
    assert count(warehouse, "silver.clickstream_events", "event_id = 'columns-1' AND dwell_ms = 1000") == 1
    assert count(warehouse, "ops.clickstream_events_objects", f"batch = {batch.number} AND count_forgotten = 0") == 1


def test_a_key_that_was_erased_of_a_kept_object_is_still_forgotten(lake: Lake, warehouse: Warehouse) -> None:
    key = "e-gone"

    def erased(kind: str, name: str, data: bytes) -> None:
        found = empty_checked(data, "order_id", key) if kind == "checked" and name.startswith("data/") else None
        lake.write(kind, name, found.content if found else data)

    fresh = new_batch(lake)
    batch = Batch(number=fresh.number, epoch=fresh.epoch, write=erased)
    uri = batch.add("sales", "erased", [order(key, "ann", 59), order("e-stays", "ann", 59)])
    batch.forget_key("sales", key)
    publish(warehouse, batch)
    assert not any(secrets(warehouse, key).values())
    assert count(warehouse, "silver.orders", "STARTS_WITH(order_id, 'forgotten:')") == 0
    assert counts(warehouse, uri) == [2, 1, 0, 0, 1]
