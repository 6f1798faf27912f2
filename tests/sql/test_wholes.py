"""A delivery may say that it is all that its flow has: what it has not is gone at its source, unless that cannot be meant."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from tests.sql.bronze import ARRIVED, Batch, funding, stamp
from tests.sql.conftest import Lake
from tests.sql.project import DATAFORM, PROJECT, actions_of, compile_graph, declare
from tests.sql.runs import SILVER, count
from tests.sql.test_publishing import new_batch
from tests.sql.warehouse import Warehouse

HOUR = timedelta(hours=1)
TABLES = ("silver.startup_events_versions", "silver.startup_events", "silver.startup_events_rejected")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as it is for a flow with such deliveries."""
    made = tmp_path_factory.mktemp("wholes") / "dataform"
    shutil.copytree(DATAFORM, made, ignore=shutil.ignore_patterns("node_modules"))
    declare(made, startups={"max_deleted": 0.5})
    return made


@pytest.fixture(autouse=True)
def _alone(warehouse: Warehouse) -> None:
    """Such a delivery is about a whole flow: each test begins with none of it."""
    for table in (*TABLES, "ops.startup_events_objects"):
        warehouse.rows(f"DROP TABLE IF EXISTS `{PROJECT}.{table}`")


def publish(warehouse: Warehouse, batch: Batch, project: Path) -> None:
    graph = compile_graph(batch.number, batch.epoch, project=project, **batch.finish())
    warehouse.run([action for action in actions_of(graph) if action.target.startswith(SILVER)])


def deliver(lake: Lake, keys: Sequence[str], hour: int, whole: int | None = None, bad: Sequence[str] = ()) -> Batch:
    """A batch of one object that arrives at `hour`, and is all that there was at the hour `whole`."""
    batch = new_batch(lake)
    rows = [funding(key, "acme", 60) for key in keys]
    at = None if whole is None else stamp(ARRIVED + whole * HOUR)
    batch.add("startups", f"w{batch.number}", rows, bad, arrived_at=ARRIVED + hour * HOUR, whole_at=at)
    return batch


def again(lake: Lake, batch: Batch) -> Batch:
    later = Batch(number=batch.number, epoch=new_batch(lake).epoch, write=lake.write)
    later.files = [file | {"epoch": later.epoch} for file in batch.files]
    return later


def keys_of(warehouse: Warehouse) -> str:
    rows = warehouse.rows(f"SELECT event_id FROM `{PROJECT}.silver.startup_events` ORDER BY event_id")
    return "".join(str(row["event_id"]) for row in rows)


def finding(warehouse: Warehouse, batch: Batch) -> str | None:
    (row,) = warehouse.rows(f"SELECT whole_finding AS f FROM `{PROJECT}.ops.batch_files` WHERE batch = {batch.number}")
    return row["f"]


def test_what_a_whole_has_not_is_deleted_and_accounted_for(lake: Lake, warehouse: Warehouse, project: Path) -> None:
    first, whole = deliver(lake, "abc", 1), deliver(lake, "bc", 3, 2)
    for batch in (first, whole):
        publish(warehouse, batch, project)
    assert (keys_of(warehouse), finding(warehouse, whole)) == ("bc", None)
    assert count(warehouse, "silver.duplicate_rows", "flow = 'startups' AND reason = 'deleted'") == 1
    assert count(warehouse, "ops.file_counts", "count_rows != count_silver + count_rejected + count_duplicate") == 0


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (0, 1, 2, 0), (0, 1, 2, 1)])
def test_a_row_that_arrives_after_it_comes_back(
    lake: Lake, warehouse: Warehouse, project: Path, order: tuple[int, ...]
) -> None:
    batches = [deliver(lake, "abc", 1), deliver(lake, "bc", 3, 2), deliver(lake, "a", 4)]
    for at in order:
        publish(warehouse, again(lake, batches[at]), project)
    assert keys_of(warehouse) == "abc"


def test_one_of_an_earlier_time_deletes_nothing(lake: Lake, warehouse: Warehouse, project: Path) -> None:
    first, newer, older = deliver(lake, "abcd", 1), deliver(lake, "abc", 5, 4), deliver(lake, "ad", 6, 2)
    for batch in (first, newer, older):
        publish(warehouse, batch, project)
    assert finding(warehouse, older) == "one of a later time is there"
    assert keys_of(warehouse) == "abcd"


def test_one_that_would_delete_too_much_deletes_nothing_and_says_so(
    lake: Lake, warehouse: Warehouse, project: Path
) -> None:
    first, whole = deliver(lake, "abcd", 1), deliver(lake, "ae", 3, 2)
    for batch in (first, whole):
        publish(warehouse, batch, project)
    assert finding(warehouse, whole) == "3 of 4 keys are not in it, more than max_deleted allows"
    assert keys_of(warehouse) == "abcde"


def test_a_refused_row_keeps_its_key_and_one_without_key_keeps_all(
    lake: Lake, warehouse: Warehouse, project: Path
) -> None:
    first = deliver(lake, "abc", 1)
    named = deliver(lake, "b", 3, 2, [json.dumps({"event_id": "a", "stage": "x"})])
    nameless = deliver(lake, "b", 5, 4, ['{"event_id": "a'])
    for batch in (first, named):
        publish(warehouse, batch, project)
    assert keys_of(warehouse) == "ab"
    publish(warehouse, nameless, project)
    assert finding(warehouse, nameless) == "1 of its refused rows have no key that can be read"
    assert keys_of(warehouse) == "ab"


def test_one_that_is_taken_back_deletes_no_more(lake: Lake, warehouse: Warehouse, project: Path) -> None:
    first, whole, last = deliver(lake, "abc", 1), deliver(lake, "bc", 3, 2), deliver(lake, "d", 6)
    for batch in (first, whole):
        publish(warehouse, batch, project)
    last.withdraw(whole.files[0] | {"whole_at": None})
    publish(warehouse, last, project)
    assert keys_of(warehouse) == "abcd"
