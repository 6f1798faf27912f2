"""A batch's list is frozen once after its claim: who comes second, comes late or dies between two commits marks what it names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from functions.start_elt.membership import describe_files, fill_batch
from ripple.errors import RetryableError
from ripple.ports import Transaction
from ripple.state.batches import BATCHES
from ripple.state.head import HEAD, EltRun
from ripple.wire.paths import claimed_list_name
from tests.functions.fakes import CrashError, FakeDocuments, FakeEdge, FakeTransaction
from tests.functions.test_start_elt import batch_of, deliver, fail, live, record, succeed


class DyingAtMarks(FakeDocuments):
    """Dies at the `left`-th commit that marks files, before it takes effect."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left = left

    def run(self, work: Callable[[Transaction, dt.datetime], Any]) -> Any:
        def counted(transaction: Transaction, now: dt.datetime) -> Any:
            done = work(transaction, now)
            assert isinstance(transaction, FakeTransaction)
            if any(path.startswith("files/") for _, path, _ in transaction.writes):
                self.left -= 1
                if not self.left:
                    raise CrashError("mark")
            return done

        return super().run(counted)


def marked(edge: FakeEdge, files: int) -> int:
    return sum(batch_of(edge, number) is not None for number in range(files))


def run_of(edge: FakeEdge) -> EltRun:
    run = HEAD.get(edge.documents).run
    assert run is not None
    return run


def test_a_crash_between_two_commits_is_taken_up_from_the_list() -> None:
    edge = FakeEdge(documents=DyingAtMarks(left=2))
    facts = [record(edge, number) for number in range(1200)]
    with pytest.raises(CrashError):
        deliver(edge, facts[0])
    assert (marked(edge, 1200), BATCHES.expect(edge.documents, 1).listed) == (500, False)
    assert edge.executions.arguments == []
    record(edge, 1200)
    deliver(edge, facts[0])
    assert (marked(edge, 1201), BATCHES.expect(edge.documents, 1).files) == (1200, 1200)
    assert len(edge.executions.arguments) == 1


def test_two_handlers_of_a_claim_mark_the_same_files_although_more_land_between() -> None:
    edge = FakeEdge(documents=DyingAtMarks(left=1))
    fact = record(edge, 1)
    with pytest.raises(CrashError):
        deliver(edge, fact)
    record(edge, 2)
    deliver(edge, fact)
    assert (batch_of(edge, 1), batch_of(edge, 2)) == (1, None)


def test_a_failure_before_the_files_were_marked_is_taken_up_by_the_next_attempt() -> None:
    edge = FakeEdge(documents=DyingAtMarks(left=1))
    with pytest.raises(CrashError):
        deliver(edge, record(edge, 1))
    deliver(edge, fail(1, 1))
    assert (batch_of(edge, 1), live(edge)) == (1, (1, 2))


def test_a_batch_whose_files_are_not_listed_yet_is_never_parked() -> None:
    edge = FakeEdge(documents=DyingAtMarks(left=1))
    fact = record(edge, 1)
    for epoch in range(6):
        edge.documents.left = 1  # type: ignore[attr-defined]
        with pytest.raises(CrashError):
            deliver(edge, fail(1, epoch) if epoch else fact)
    assert (BATCHES.expect(edge.documents, 1).state, live(edge)) == ("claimed", (1, 6))


def test_a_handler_that_slept_marks_nothing_once_the_run_is_over() -> None:
    edge = FakeEdge()
    deliver(edge, record(edge, 1))
    run = run_of(edge)
    deliver(edge, succeed(edge, 1, 1))
    edge.documents.held["files/0001"]["batch"] = None
    assert fill_batch(run, edge) is None
    assert batch_of(edge, 1) is None


def test_a_batch_without_any_file_is_tried_again_and_starts_nothing() -> None:
    edge = FakeEdge()
    deliver(edge, record(edge, 1))
    with pytest.raises(RetryableError, match="batch 7 was claimed, and no file waits"):
        describe_files(BATCHES.expect(edge.documents, 1), 7, [])


def test_the_list_names_files_by_their_ids_and_is_written_once() -> None:
    edge = FakeEdge()
    fact = record(edge, 1)
    record(edge, 2)
    deliver(edge, fact)
    assert edge.objects.lines(f"gs://ripple-test-control/{claimed_list_name(1)}") == [
        {"file": "0001"},
        {"file": "0002"},
    ]
