"""Task states are read off the runner's log."""

from __future__ import annotations

from datetime import UTC, datetime

from laptop.vertex.task_log import read_tasks

BEGAN = datetime(2026, 12, 31, 23, 59, 58, tzinfo=UTC)
LOG = """23:59:59.000 - INFO - Executing task \x1b[96m'one'\x1b[0m
    working
23:59:59.900 - INFO - Task \x1b[96m'one'\x1b[0m finished with status \x1b[92mSUCCESS\x1b[0m
00:00:01.500 - INFO - Executing task \x1b[96m'two'\x1b[0m
    ValueError: no
"""
ENDED = LOG + "00:00:02.000 - ERROR - Task \x1b[96m'two'\x1b[0m finished with status \x1b[91mFAILURE\x1b[0m\n"


def test_tasks_not_yet_begun_are_pending() -> None:
    tasks = read_tasks(["one", "two", "three"], LOG, BEGAN, over=False)
    assert [task["state"] for task in tasks] == ["SUCCEEDED", "RUNNING", "PENDING"]


def test_tasks_never_begun_were_not_triggered() -> None:
    tasks = read_tasks(["one", "two", "three"], ENDED, BEGAN, over=True)
    assert [task["state"] for task in tasks] == ["SUCCEEDED", "FAILED", "NOT_TRIGGERED"]
    assert tasks[1]["error"]["message"] == "ValueError: no"


def test_times_go_on_past_midnight() -> None:
    one, two = read_tasks(["one", "two"], ENDED, BEGAN, over=True)
    assert (one["endTime"], two["startTime"]) == ("2026-12-31T23:59:59.900000Z", "2027-01-01T00:00:01.500000Z")
