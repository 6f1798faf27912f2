"""Two batches through the whole project, on the laptop's storage and BigQuery."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest

from tests.sql.bronze import Batch, click, funding, order
from tests.sql.conftest import Lake
from tests.sql.project import PROJECT, actions_of, compile_graph
from tests.sql.warehouse import Warehouse

BAD = '{"event_id": "c-bad", "dwell_ms": "soon"}'
CUT = '{"event_id": "c-cut", "dw'
CONTROL = '{"event_id": "c-9"}\x01{"event_id": "c-9"}'


def put_first_batch(lake: Lake) -> None:
    batch = Batch(number=1, write=lake.write)
    batch.lines(
        "clickstream",
        "a",
        [
            click("c-1", "ann", 5),
            click("c-2", "ann", 5.01, event_type="add_to_cart", sequence=1, occurred_at=1_767_657_600_123),
            click("c-1", "ann", 5),
            click("c-3", "ann", 250, occurred_at="2026-09-08T02:00:00.123456789+02:00"),
            click("c-4", "bob", 100, occurred_at="2026-04-11T00:00Z"),
        ],
        bad=[BAD, CUT, CONTROL],
    )
    batch.lines("clickstream", "b", [click("c-1", "ann", 5), click("c-5", "bob", 299.5)])
    batch.lines("startups", "a", [
        funding("f-1", "acme", 1, event_type="founded", stage="bootstrapped", amount_cents=0, investors=[]),
        funding("f-2", "acme", 60),
        funding("f-2", "acme", 60),
    ])  # fmt: skip
    batch.parquet(
        "a",
        [
            order("o-1", "ann", 10, is_first_order=True),
            order("o-2", "ann", 100),
            order("o-3", "bob", 150, status="refunded"),
            order("o-1", "ann", 10, batch_id="sales-2", is_first_order=True),
            order("o-4", "ann", 250),
        ],
        bad_documents=["o-bad"],
    )
    batch.finish()


def put_second_batch(lake: Lake) -> None:
    batch = Batch(number=2, write=lake.write)
    batch.lines("clickstream", "c", [click("c-1", "ann", 5), click("c-6", "ann", 320)])
    batch.finish()


def run(warehouse: Warehouse, batch: int) -> None:
    failed = warehouse.run(actions_of(compile_graph(batch)))
    assert failed == []


@pytest.fixture(scope="module")
def loaded(lake: Lake, warehouse: Warehouse) -> Warehouse:
    put_first_batch(lake)
    run(warehouse, 1)
    return warehouse


def count(warehouse: Warehouse, table: str, where: str = "TRUE") -> int:
    return int(warehouse.rows(f"SELECT COUNT(*) AS n FROM `{PROJECT}.{table}` WHERE {where}")[0]["n"])


def test_every_row_is_in_silver_or_rejected_or_set_aside(loaded: Warehouse) -> None:
    tables = ("silver.clickstream_events", "silver.startup_events", "silver.orders")
    assert [count(loaded, table) for table in tables] == [5, 2, 4]
    assert count(loaded, "silver.rejected_rows", "batch = 1") == 4
    assert count(loaded, "silver.duplicate_rows", "batch = 1") == 4
    assert count(loaded, "ops.file_counts", "count_rows = count_silver + count_rejected + count_duplicate") == 4


def test_timestamps_are_read_by_the_declared_grammar(loaded: Warehouse) -> None:
    rows = loaded.rows(f"SELECT event_id, occurred_at FROM `{PROJECT}.silver.clickstream_events`")
    read = {row["event_id"]: row["occurred_at"] for row in rows}
    assert read["c-2"] == datetime(2026, 1, 6, 0, 0, 0, 123000, tzinfo=UTC)
    assert read["c-3"] == datetime(2026, 9, 8, 0, 0, 0, 123456, tzinfo=UTC)
    assert read["c-4"] == datetime(2026, 4, 11, tzinfo=UTC)


def test_the_first_delivery_of_an_order_wins(loaded: Warehouse) -> None:
    rows = loaded.rows(f"SELECT batch_id FROM `{PROJECT}.silver.orders` WHERE order_id = 'o-1'")
    kept = loaded.rows(f"SELECT line_hash FROM `{PROJECT}.silver.duplicate_rows` WHERE key = 'o-1'")
    assert len(rows) == len(kept) == 1


def test_features_are_cut_at_the_end_of_the_data(loaded: Warehouse) -> None:
    version = loaded.rows(f"SELECT * FROM `{PROJECT}.features.snapshot_versions`")
    assert len(version) == 1
    assert version[0]["cutoff_at"] == datetime(2026, 10, 28, tzinfo=UTC)
    assert [version[0][f"{part}_rows"] for part in ("train", "test", "score")] == [1, 2, 2]
    assert version[0]["snapshot_uri"] == f"gs://{PROJECT}-features/snapshots/batch=1/"


def test_features_of_a_customer_are_what_was_known_at_the_cutoff(loaded: Warehouse) -> None:
    rows = loaded.rows(f"SELECT * FROM `{PROJECT}.features.test_set` WHERE customer_id = 'ann'")
    ann = rows[0]
    known = {name: ann[name] for name in ("frequency", "recency_days", "age_days", "sessions_total", "stage", "label")}
    assert known == {
        "frequency": 1, "recency_days": 90.0, "age_days": 200.0, "sessions_total": 1, "stage": "seed", "label": 1,
    }  # fmt: skip
    assert (ann["cart_rate"], ann["days_since_funding"], ann["net_cents_mean"]) == (1.0, 150.0, 1000.0)
    assert ann["discount_rate_mean"] == pytest.approx(0.1)


def test_the_snapshot_in_the_lake_is_the_tables(loaded: Warehouse, lake: Lake) -> None:
    files = lake.read("features", "snapshots/batch=1/")
    parts = {name.rsplit("/", 1)[1].split("-")[0]: pq.read_table(io.BytesIO(data)) for name, data in files.items()}
    assert {part: table.num_rows for part, table in parts.items()} == {"train": 1, "test": 2, "score": 2}
    assert "label" not in parts["score"].column_names
    assert "batch" not in parts["train"].column_names
    assert parts["train"].column_names[-1] == "label"


def test_a_replay_changes_no_row(loaded: Warehouse) -> None:
    before = loaded.contents()
    run(loaded, 1)
    assert loaded.contents() == before


def test_a_second_batch_joins_the_first_and_a_replay_of_either_changes_no_row(loaded: Warehouse, lake: Lake) -> None:
    put_second_batch(lake)
    run(loaded, 2)
    assert count(loaded, "silver.clickstream_events") == 6
    assert count(loaded, "silver.duplicate_rows", "batch = 2 AND first_batch = 1") == 1
    before, objects = loaded.contents(), lake.read("features", "")
    for batch in (1, 2):
        run(loaded, batch)
        assert loaded.contents() == before
    assert lake.read("features", "") == objects


def test_a_batch_that_runs_after_a_later_one_sets_its_copies_aside(loaded: Warehouse, lake: Lake) -> None:
    """As one that was parked does, when it is released."""
    parked, later = Batch(number=3, write=lake.write), Batch(number=4, write=lake.write)
    parked.lines("clickstream", "d", [click("c-7", "ann", 330), click("c-8", "ann", 331)])
    parked.lines("startups", "d", [funding("f-9", "acme", 330)])
    parked.parquet("d", [order("o-9", "ann", 330), order("o-10", "bob", 331)])
    later.lines("clickstream", "e", [click("c-8", "ann", 331), click("c-9", "ann", 332)])
    later.lines("startups", "e", [funding("f-9", "acme", 330)])
    later.parquet("e", [order("o-9", "ann", 330)])
    parked.finish()
    later.finish()
    for batch in (4, 3):
        run(loaded, batch)
    aside = loaded.rows(f"SELECT key, first_batch FROM `{PROJECT}.silver.duplicate_rows` WHERE batch = 3 ORDER BY key")
    assert [(row["key"], row["first_batch"]) for row in aside] == [("c-8", 4), ("f-9", 4), ("o-9", 4)]
    before = loaded.contents()
    for batch in (3, 4):
        run(loaded, batch)
    assert {name: rows for name, rows in loaded.contents().items() if name.startswith("silver.")} == {
        name: rows for name, rows in before.items() if name.startswith("silver.")
    }
