"""One world: however it is cut, in whatever process, it gives the same."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import orjson
import pytest

from tests.generators.conftest import MAINS, Lake, generate_into


def without_batch(lake: Lake, flow: str) -> list[bytes]:
    """The rows apart from the batch that wrote them."""
    if flow != "sales":
        return lake.lines(flow)
    rows = [orjson.loads(line) for line in lake.lines(flow)]
    for row in rows:
        row["data"].pop("batch_id")
    return sorted(orjson.dumps(row) for row in rows)


def test_another_process_writes_the_same_bytes(dirty_lake: Lake, tmp_path: Path) -> None:
    for flow in MAINS:
        words = ["--to", "2026-02-01", "--batch-id", "b1", "--customers", "3000", "--dirt", "0.05"]
        command = [sys.executable, "-m", f"generators.{flow}", *words, "--out", str(tmp_path)]
        subprocess.run(command, check=True, capture_output=True)
    assert Lake(tmp_path).snapshot() == dirty_lake.snapshot()


@pytest.mark.parametrize("flow", MAINS)
def test_three_tasks_write_what_one_task_writes(flow: str, dirty_lake: Lake, tmp_path: Path) -> None:
    for index in (2, 0, 1):
        sharded = generate_into(tmp_path, flow, task_index=index, task_count=3)
    assert without_batch(sharded, flow) == without_batch(dirty_lake, flow)
    assert sharded.totals(flow) == dirty_lake.totals(flow)


@pytest.mark.parametrize("flow", MAINS)
@pytest.mark.parametrize("cuts", [("2025-12-01", "2026-01-01"), ("2025-11-02", "2025-12-31", "2026-01-02")])
def test_slices_join_without_loss_or_repetition(
    flow: str, cuts: tuple[str, ...], dirty_lake: Lake, tmp_path: Path
) -> None:
    edges = ("2025-11-01", *cuts, "2026-02-01")
    for start, end in pairwise(edges):
        options: dict[str, object] = {"from": start, "to": end, "batch_id": f"b-{start}"}
        pieces = generate_into(tmp_path, flow, **options)
    assert without_batch(pieces, flow) == without_batch(dirty_lake, flow)
    assert pieces.totals(flow) == dirty_lake.totals(flow)


def test_another_seed_is_another_world(dirty_lake: Lake, tmp_path: Path) -> None:
    other = generate_into(tmp_path, "clickstream", seed=2)
    assert not set(other.lines("clickstream")) & set(dirty_lake.lines("clickstream"))


def test_a_second_run_of_a_batch_changes_nothing(tmp_path: Path) -> None:
    once = generate_into(tmp_path, *MAINS, customers=200).snapshot()
    assert generate_into(tmp_path, *MAINS, customers=200).snapshot() == once


def test_each_file_is_of_one_calendar_month_and_named_by_its_first_day(tmp_path: Path) -> None:
    options: dict[str, object] = {"from": "2025-11-20", "to": "2026-01-05", "dirt": 0, "customers": 500}
    lake = generate_into(tmp_path, "clickstream", **options)
    months = {
        uri: {orjson.loads(line)["occurred_at"][:7] for line in lines}
        for uri, lines in lake.files("clickstream").items()
    }
    assert months == {
        f"bronze/clickstream/dt={day}/b1-00000-of-00001.jsonl": {day[:7]}
        for day in ("2025-11-20", "2025-12-01", "2026-01-01")
    }


def test_the_history_of_startups_appears_on_the_first_day(dirty_lake: Lake) -> None:
    founded = [line for line in dirty_lake.lines("startups") if b'"event_type":"founded"' in line and b'-0"' in line]
    assert len(founded) > 480
