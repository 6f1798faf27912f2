"""A flow may say that a name written again stands for what it held before: then its newest generation decides, and nothing is lost."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ripple.flows import list_flows
from tests.sql.bronze import ARRIVED, Batch, Row, click, funding
from tests.sql.conftest import Lake
from tests.sql.project import DATAFORM, PROJECT, actions_of, compile_graph, declare
from tests.sql.runs import SILVER, count
from tests.sql.test_publishing import new_batch
from tests.sql.warehouse import Warehouse


@pytest.fixture(scope="module")
def replacing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as it is for flows that replace."""
    project = tmp_path_factory.mktemp("replacing") / "dataform"
    shutil.copytree(DATAFORM, project, ignore=shutil.ignore_patterns("node_modules"))
    declare(project, **{flow: {"rewrite": "replace"} for flow in list_flows()})
    return project


def publish(warehouse: Warehouse, batch: Batch, project: Path) -> None:
    graph = compile_graph(batch.number, batch.epoch, project=project, **batch.finish())
    warehouse.run([action for action in actions_of(graph) if action.target.startswith(SILVER)])


def deliver(batch: Batch, name: str, keys: Sequence[str], generation: int, bad: Sequence[str] = ()) -> str:
    rows: list[Row] = [funding(key, "acme", 60, stage="seed" if generation == 1 else "series_a") for key in keys]
    at = ARRIVED + timedelta(hours=generation)
    return batch.add("startups", name, rows, bad, generation=generation, arrived_at=at)


def current(warehouse: Warehouse, prefix: str) -> list[tuple[Any, ...]]:
    query = f"SELECT event_id, source_generation FROM `{PROJECT}.silver.startup_events` WHERE STARTS_WITH(event_id, '{prefix}')"
    return sorted(tuple(row.values()) for row in warehouse.rows(query))


def test_the_newest_generation_of_a_name_stands_for_all(lake: Lake, warehouse: Warehouse, replacing: Path) -> None:
    first, second = new_batch(lake), new_batch(lake)
    uri = deliver(first, "newest", ["n-a", "n-b", "n-c"], 1)
    deliver(second, "newest", ["n-d", "n-a"], 2)
    for batch in (first, second):
        publish(warehouse, batch, replacing)
    assert current(warehouse, "n-") == [("n-a", 2), ("n-d", 2)]
    assert count(warehouse, "silver.duplicate_rows", f"source_uri = '{uri}' AND reason = 'replaced'") == 3
    found = warehouse.rows(
        f"SELECT * FROM `{PROJECT}.ops.file_counts` WHERE source_uri = '{uri}' ORDER BY source_generation"
    )
    names = ("rows", "silver", "rejected", "duplicate")
    assert [[row[f"count_{name}"] for name in names] for row in found] == [[3, 0, 0, 3], [2, 2, 0, 0]]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (0, 2, 1, 0)])
def test_the_order_of_batches_and_replays_does_not_matter(
    lake: Lake, warehouse: Warehouse, replacing: Path, order: tuple[int, ...]
) -> None:
    name = "order-" + "".join(map(str, order))
    batches = [new_batch(lake) for _ in range(3)]
    keys = [["a", "b"], ["b", "c"], ["c"]]
    for generation, batch in enumerate(batches, 1):
        deliver(batch, name, [f"{name}-{key}" for key in keys[generation - 1]], generation)
    for at in order:
        again = Batch(number=batches[at].number, epoch=new_batch(lake).epoch, write=lake.write)
        again.files, again.delivered = batches[at].files, batches[at].delivered
        for file in again.files:
            file["epoch"] = again.epoch
        publish(warehouse, again, replacing)
    assert current(warehouse, name) == [(f"{name}-c", 3)]


def test_another_name_keeps_its_rows(lake: Lake, warehouse: Warehouse, replacing: Path) -> None:
    first, second = new_batch(lake), new_batch(lake)
    deliver(first, "mine", ["o-a"], 1)
    deliver(first, "other", ["o-b"], 1)
    deliver(second, "mine", ["o-c"], 2)
    for batch in (first, second):
        publish(warehouse, batch, replacing)
    assert current(warehouse, "o-") == [("o-b", 1), ("o-c", 2)]


def test_a_key_that_the_newest_has_in_quarantine_keeps_its_row(
    lake: Lake, warehouse: Warehouse, replacing: Path
) -> None:
    first, second = new_batch(lake), new_batch(lake)
    deliver(first, "kept", ["k-a", "k-b"], 1)
    bad = json.dumps(funding("k-a", "acme", 60, stage="bankrupt"))
    deliver(second, "kept", ["k-c"], 2, [bad])
    for batch in (first, second):
        publish(warehouse, batch, replacing)
    assert current(warehouse, "k-") == [("k-a", 1), ("k-c", 2)]


def test_what_only_adds_is_as_before(lake: Lake, warehouse: Warehouse) -> None:
    first, second = new_batch(lake), new_batch(lake)
    for batch, generation, key in ((first, 1, "p-a"), (second, 2, "p-b")):
        batch.add("clickstream", "plain", [click(key, "ann", 60)], generation=generation)
        publish(warehouse, batch, DATAFORM)
    assert count(warehouse, "silver.clickstream_events", "STARTS_WITH(event_id, 'p-')") == 2
