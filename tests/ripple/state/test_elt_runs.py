"""At most one run is live, epochs only rise, no batch number is given twice, every waiting file is claimed in the end."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ripple.state.caps import HOUR, Starts
from ripple.state.elt_runs import (
    ask_again,
    claim_next,
    count_fitting,
    free,
    is_live,
    may_claim,
    retry,
)
from ripple.state.head import HEAD, EltRun, Head

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
LEASE = dt.timedelta(hours=1)
RUN = EltRun(batch=2, epoch=5, lease_until=NOW, cause="c")

CLAIMS = [
    ("nothing ran and nothing waits", Head(), 0, None),
    ("nothing ran and files wait", Head(), 3, (1, 1, True)),
    ("a run is live", Head(run=RUN, epoch=5, next=3), 3, None),
    ("a run is live and a replay is asked for", Head(run=RUN, epoch=5, next=3, replays=(1,)), 3, None),
    ("a replay goes before waiting files", Head(epoch=5, next=3, replays=(2, 1)), 3, (2, 6, False)),
    ("a replay without waiting files", Head(epoch=5, next=3, replays=(1,)), 0, (1, 6, False)),
    ("the next batch", Head(epoch=5, next=3), 1, (3, 6, True)),
]


@pytest.mark.parametrize(("why", "head", "waiting", "expected"), CLAIMS, ids=[case[0] for case in CLAIMS])
def test_what_the_head_claims(why: str, head: Head, waiting: int, expected: tuple[int, int, bool] | None) -> None:
    claim = claim_next(head, waiting > 0, NOW, LEASE, "c", 0)
    assert (claim and (claim.run.batch, claim.run.epoch, claim.is_new)) == expected
    if claim:
        assert claim.head.run == claim.run
        assert claim.run.lease_until == NOW + LEASE


@pytest.mark.parametrize(
    ("batch", "after"), [(0, ()), (1, (1,)), (2, ()), (3, ()), (99, ())], ids=["zero", "known", "live", "next", "never"]
)
def test_what_can_be_asked_for_again(batch: int, after: tuple[int, ...]) -> None:
    head = Head(run=RUN, epoch=5, next=3)
    assert ask_again(ask_again(head, batch), batch).replays == after


@pytest.mark.parametrize(("batch", "epoch", "live"), [(2, 5, True), (2, 4, False), (1, 5, False)])
def test_only_the_live_run_is_live(batch: int, epoch: int, live: bool) -> None:
    head = Head(run=RUN, epoch=5, next=3)
    assert is_live(head, batch, epoch) is live
    assert not is_live(free(head), batch, epoch)


def through_a_document(head: Head) -> Head:
    return HEAD.collection.read(HEAD.path, HEAD.collection.write(head))


@pytest.mark.parametrize(
    "head", [Head(), Head(run=RUN, epoch=5, next=3, replays=(1,), starts=Starts(noted=(NOW,), most=9))]
)
def test_a_head_survives_its_document(head: Head) -> None:
    assert through_a_document(head) == head


def test_an_hour_that_has_had_its_runs_allows_neither_files_nor_a_replay() -> None:
    head = Head(epoch=2, next=3, replays=(1,), starts=Starts(noted=(NOW - HOUR / 2, NOW - HOUR / 4), most=2))
    assert claim_next(head, True, NOW, LEASE, "c", 2) is None
    assert not may_claim(head, NOW, 2)
    claim = claim_next(head, True, NOW + HOUR / 2, LEASE, "c", 2)
    assert claim is not None
    assert claim.head.starts == Starts(noted=(NOW - HOUR / 4, NOW + HOUR / 2), most=2)


def test_a_retry_counts_in_its_hour_and_waits_for_none() -> None:
    head = Head(run=RUN, epoch=5, next=3, starts=Starts(noted=(NOW - HOUR / 4,), most=1))
    assert retry(head, NOW, LEASE, "c", 1).starts.noted == (NOW,)


def test_a_retry_of_what_never_began_is_the_start_that_was_counted() -> None:
    head = Head(run=RUN, epoch=5, next=3, starts=Starts(noted=(NOW - HOUR / 4,), most=1))
    again = retry(head, NOW, LEASE, "c", 1, began=False)
    assert (again.starts, again.epoch) == (head.starts, 6)


@pytest.mark.parametrize(
    ("sizes", "most", "count"),
    [((), 10, 0), ((5, 5, 5), 10, 2), ((5, 5), 10, 2), ((11, 1), 10, 1), ((1, 11, 1), 10, 1), ((0, 0, 0), 0, 3)],
)
def test_a_batch_takes_files_until_the_bytes_are_reached(sizes: tuple[int, ...], most: int, count: int) -> None:
    assert count_fitting(sizes, most) == count


def test_a_head_from_before_there_was_a_cap_is_read() -> None:
    document = HEAD.collection.write(Head(run=RUN, epoch=5, next=3, replays=(1,)))
    del document["starts"]
    assert HEAD.collection.read(HEAD.path, document) == Head(run=RUN, epoch=5, next=3, replays=(1,))


class Runs(RuleBasedStateMachine):
    """Files land, runs end well or badly, zombies speak, replays are asked for, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.head = Head()
        self.waiting = 0
        self.claimed = 0
        self.landed = 0
        self.epochs: list[int] = []
        self.given: list[int] = []
        self.finished: list[tuple[int, int]] = []

    def look_for_work(self) -> None:
        was_live = self.head.run is not None
        claim = claim_next(self.head, self.waiting > 0, NOW, LEASE, "c", 0)
        if claim is None:
            return
        assert not was_live
        self.head = claim.head
        self.note(claim.run)
        if claim.is_new:
            self.given.append(claim.run.batch)
            self.claimed += self.waiting
            self.waiting = 0

    def note(self, run: EltRun) -> None:
        self.epochs.append(run.epoch)
        self.finished.append((run.batch, run.epoch))

    @rule(files=st.integers(1, 3))
    def land(self, files: int) -> None:
        self.landed += files
        self.waiting += files
        self.look_for_work()

    @precondition(lambda self: self.head.run)
    @rule()
    def succeed(self) -> None:
        self.head = free(self.head)
        self.look_for_work()

    @precondition(lambda self: self.head.run)
    @rule()
    def fail(self) -> None:
        self.head = retry(self.head, NOW, LEASE, "c", 0)
        assert self.head.run is not None
        self.note(self.head.run)

    @precondition(lambda self: len(self.finished) > 1)
    @rule(data=st.data())
    def receive_a_zombie(self, data: st.DataObject) -> None:
        batch, epoch = data.draw(st.sampled_from(self.finished[:-1]))
        assert not is_live(self.head, batch, epoch)

    @rule(batch=st.integers(-1, 6))
    def ask_for_a_replay(self, batch: int) -> None:
        self.head = ask_again(self.head, batch)
        self.look_for_work()

    @invariant()
    def epochs_only_rise(self) -> None:
        assert self.epochs == sorted(set(self.epochs))

    @invariant()
    def no_batch_number_is_given_twice(self) -> None:
        assert self.given == list(range(1, len(self.given) + 1))

    @invariant()
    def the_head_survives_its_document(self) -> None:
        assert through_a_document(self.head) == self.head

    @invariant()
    def files_wait_only_while_a_run_is_live(self) -> None:
        assert self.head.run is not None or self.waiting == 0

    def teardown(self) -> None:
        while self.head.run is not None:
            self.succeed()
        assert self.claimed == self.landed
        assert self.head.replays == ()


TestRuns = Runs.TestCase
