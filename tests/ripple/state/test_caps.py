"""A window of time allows so many starts, counted from those that were noted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripple.state.caps import HOUR, Starts, note_start, rests_until
from ripple.state.training_head import TRAINING_HEAD
from tests.functions.fakes import FakeDocuments

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def ago(*minutes: float) -> tuple[dt.datetime, ...]:
    return tuple(NOW - dt.timedelta(minutes=one) for one in minutes)


RESTS = [
    ("nothing started", (), 2, None),
    ("fewer than the cap", ago(5), 2, None),
    ("as many as the cap", ago(50, 5), 2, 10),
    ("the first of them is an hour ago", ago(60, 5), 2, None),
    ("a retry went beyond it", ago(50, 40, 5), 2, 20),
    ("the cap was raised", ago(50, 5), 3, None),
    ("the cap was lowered", ago(50, 5), 1, 55),
    ("no cap", ago(3, 2, 1), 0, None),
]


@pytest.mark.parametrize(("why", "noted", "most", "minutes"), RESTS, ids=[case[0] for case in RESTS])
def test_when_the_hour_allows_another(why: str, noted: Sequence[dt.datetime], most: int, minutes: int | None) -> None:
    expected = None if minutes is None else NOW + dt.timedelta(minutes=minutes)
    assert rests_until(Starts(noted=tuple(noted), most=2), most, HOUR, NOW) == expected


def test_no_more_starts_are_kept_than_the_next_decision_needs() -> None:
    starts = Starts()
    for minute in range(100):
        starts = note_start(starts, 12, NOW + dt.timedelta(minutes=minute))
    assert (len(starts.noted), starts.most) == (12, 12)
    assert note_start(starts, 0, NOW) == Starts()


def test_a_start_that_asked_the_time_before_another_stands_before_it() -> None:
    starts = note_start(Starts(noted=ago(50, 5), most=2), 3, NOW - dt.timedelta(minutes=6))
    assert starts.noted == ago(50, 6, 5)


def test_starts_survive_their_document_and_a_state_without_one_has_none() -> None:
    starts = Starts(noted=ago(5, 1), most=2)
    documents = FakeDocuments()
    assert TRAINING_HEAD.get(documents) == Starts()
    documents.run(lambda transaction, _now: TRAINING_HEAD.set(transaction, starts))
    assert TRAINING_HEAD.get(documents) == starts


@given(st.integers(1, 5), st.lists(st.integers(0, 2000), max_size=60))
def test_no_hour_sees_more_starts_than_the_cap(most: int, pauses: list[int]) -> None:
    starts, now, begun = Starts(), NOW, []
    for seconds in pauses:
        now += dt.timedelta(seconds=seconds)
        if rests_until(starts, most, HOUR, now) is None:
            starts = note_start(starts, most, now)
            begun.append(now)
    assert all(late - early >= HOUR for early, late in zip(begun, begun[most:], strict=False))
