"""What the collections say beyond their records: what waits, what is under way, and facts that are kept until they are sent."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from ripple.state.caps import DAY, Starts
from ripple.state.claims import SWEEP
from ripple.state.collection import Readable
from ripple.state.elt_runs import ask_again, claim_next, describe_rest, retry
from ripple.state.files import FILES, find_waiting, is_any_waiting
from ripple.state.head import EltRun, Head
from ripple.state.outbox import pack_envelope
from ripple.state.replays import plan_id
from ripple.wire.events import Envelope, SalesExportRequested
from tests.functions.fakes import FakeDocuments
from tests.ripple.state.golden import a_record, hold

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
LEASE = dt.timedelta(hours=1)


def test_files_wait_that_have_landed_and_are_in_no_batch() -> None:
    documents = FakeDocuments()
    assert not is_any_waiting(documents)
    for id, state, batch in (("a", "landed", 3), ("b", "rejected", None), ("c", "claimed", None)):
        hold(documents, "files", id, state=state, batch=batch)
    assert not is_any_waiting(documents)
    for id in "fde":
        hold(documents, "files", id, state="landed", batch=None)
    assert is_any_waiting(documents)
    assert [id for id, _ in find_waiting(documents, 2)] == ["d", "e"]


def test_a_file_whose_record_cannot_be_read_holds_back_no_other() -> None:
    documents = FakeDocuments()
    hold(documents, "files", "a", state="landed", batch=None)
    documents.held["files/a"]["generation"] = "seven"
    assert not is_any_waiting(documents)
    hold(documents, "files", "b", state="landed", batch=None)
    assert is_any_waiting(documents)
    assert [id for id, _ in find_waiting(documents, 2)] == ["b"]


class OnlySome(FakeDocuments):
    """Keeps the limits that it was asked with."""

    def __init__(self) -> None:
        super().__init__()
        self.limits: list[int] = []

    def find(self, collection: str, where: object, limit: int) -> object:  # type: ignore[override]
        self.limits.append(limit)
        return super().find(collection, {}, limit)


def test_all_documents_are_found_within_what_a_query_takes() -> None:
    documents = OnlySome()
    hold(documents, "files", "a")
    store: Readable = documents  # type: ignore[assignment]
    assert [id for id, _ in FILES.find_all(store)] == ["a"]
    is_any_waiting(store)
    assert documents.limits == [2_147_483_647, 10, 10, 10]


@pytest.mark.parametrize(
    ("train", "ended", "under_way"),
    [(True, False, True), (True, True, False), (True, None, False), (False, False, False), (False, None, False)],
)
def test_a_training_is_under_way_until_somebody_said_how_it_ended(
    train: bool, ended: bool | None, under_way: bool
) -> None:
    assert a_record("trainings", train=train, ended=ended).is_under_way is under_way


def test_a_fact_that_was_kept_is_published_as_it_was_stated() -> None:
    envelope = Envelope(
        fact=SalesExportRequested(batch_id="b", changed_from="x", changed_to="y"),
        source="//ripple/start_batch",
        time=NOON,
        correlation_id="c",
        causation_id="e",
        traceparent="00-1-2-01",
        replay_of="first",
    )
    kept = pack_envelope(envelope, NOON + LEASE)
    assert kept.envelope() == envelope
    assert kept.kept_at == NOON + LEASE


def test_a_dry_run_has_a_plan_of_its_own() -> None:
    assert (plan_id("r-1", dry_run=False), plan_id("r-1", dry_run=True)) == ("r-1", "r-1-dry-run")


RUN = EltRun(batch=2, epoch=5, lease_until=NOON, cause="c")


def test_a_rest_is_described_by_the_cap_that_the_last_start_knew() -> None:
    starts = Starts(noted=(NOON - LEASE / 2, NOON - LEASE / 4), most=2)
    said = "the hour has had its 2 ELT runs; the next may start at 2026-03-01T12:30:00Z"
    assert describe_rest(Head(starts=starts), NOON) == said
    assert describe_rest(Head(starts=starts), NOON + LEASE / 2) == ""
    assert describe_rest(Head(), NOON) == ""


def test_replays_wait_in_their_order_and_leave_from_the_front() -> None:
    head = Head(epoch=5, next=9, replays=(3, 1))
    asked = ask_again(ask_again(head, 7), 2)
    assert asked.replays == (3, 1, 7, 2)
    claim = claim_next(asked, 0, NOON, LEASE, "e", 0)
    assert claim is not None
    assert (claim.run.batch, claim.head.replays) == (3, (1, 7, 2))


def test_a_retry_has_the_next_epoch_and_a_lease_of_its_own() -> None:
    head = retry(Head(run=RUN, epoch=5, next=3), NOON, LEASE, "e", 0)
    assert head.run == EltRun(batch=2, epoch=6, lease_until=NOON + LEASE, cause="e", decided_at=NOON)
    assert (head.epoch, head.next) == (6, 3)


def test_names_and_windows_that_are_stored_keep_their_meaning() -> None:
    assert SWEEP == "sweep"
    assert dt.timedelta(hours=24) == DAY
    assert dataclasses.replace(RUN, execution="").execution == RUN.execution == ""
