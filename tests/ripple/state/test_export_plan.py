"""The plan of a large export: its slices, what they are asked by, when it fell silent, and what they add up to."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest

from ripple.errors import RetryableError
from ripple.ports import BatchRange, ChangeRange
from ripple.rows.checksums import sum_ids
from ripple.state.export_plan import (
    ExportPlan,
    describe_finished,
    expect_plan,
    find_difference,
    find_missing,
    is_stalled,
    read_plan,
    record_plan,
)
from ripple.state.export_slices import slice_id
from ripple.state.exports import EXPORTED, PLANNED, REFUSED
from ripple.wire.events import SalesExportFinished
from tests.ripple.state.golden import a_record

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
PLAN = ExportPlan(
    key="k",
    batch_id="b-1",
    collection="sales",
    window_from="2026-02-01",
    bounds=("", "o-3", "o-5", ""),
    rows=(3, 2, 4),
    correlation_id="c",
    uri="gs://l/m.json",
    generation=7,
    id_sum=sum_ids(["o-1", "o-2"]),
    replay_of="first",
    planned_at=NOON,
    requested_at=NOON + dt.timedelta(minutes=1),
    requests=2,
)
WINDOW = dataclasses.replace(PLAN, bounds=(NOON, NOON + dt.timedelta(hours=1)), rows=(5,), uri=None, id_sum=None)


def a_slice(number: int, **changes: Any) -> Any:
    return a_record("export_slices", slice=number, **changes)


def test_a_slice_of_a_batch_is_a_range_of_its_ids() -> None:
    assert PLAN.slices == 3
    assert [PLAN.range_of(number) for number in range(3)] == [
        BatchRange(collection="sales", batch_id="b-1", key_from="", key_to="o-3"),
        BatchRange(collection="sales", batch_id="b-1", key_from="o-3", key_to="o-5"),
        BatchRange(collection="sales", batch_id="b-1", key_from="o-5", key_to=""),
    ]


def test_a_slice_of_a_window_is_a_range_of_moments() -> None:
    hour = NOON + dt.timedelta(hours=1)
    assert WINDOW.range_of(0) == ChangeRange(collection="sales", changed_from=NOON, changed_to=hour)


def test_what_is_said_of_a_slice_when_it_is_asked_for() -> None:
    named = {"batch_id": "b-1", "export": "k", "manifest_uri": "gs://l/m.json"}
    assert PLAN.fields_of(1) == named | {"slice": 1, "slices": 3, "rows": 2}


@pytest.mark.parametrize(
    "plan", [PLAN, WINDOW, dataclasses.replace(PLAN, state=EXPORTED)], ids=["batch", "window", "done"]
)
def test_a_plan_comes_back_from_its_record(plan: ExportPlan) -> None:
    assert read_plan("k", record_plan(plan)) == expect_plan("k", record_plan(plan)) == plan


def test_a_record_of_one_call_is_no_plan() -> None:
    record = a_record("exports", bounds=None, state=EXPORTED)
    assert read_plan("k", record) is None
    with pytest.raises(RetryableError, match="exports/k is no plan: it was exported in one call"):
        expect_plan("k", record)


def test_a_plan_that_lacks_something_is_named_with_all_that_it_lacks() -> None:
    record = dataclasses.replace(record_plan(PLAN), rows=None, window_from=None)
    with pytest.raises(RetryableError, match="exports/k has bounds, and is no plan without window_from, rows"):
        read_plan("k", record)
    for name in ("batch_id", "collection", "correlation_id"):
        with pytest.raises(RetryableError, match=f"without {name}$"):
            read_plan("k", dataclasses.replace(record_plan(PLAN), **{name: None}))


def test_a_plan_of_a_release_that_counted_no_requests_has_none() -> None:
    plan = read_plan("k", dataclasses.replace(record_plan(PLAN), requests=None))
    assert plan is not None
    assert plan.requests == 0
    assert ExportPlan.__dataclass_fields__["requests"].default == 0


def test_the_slices_that_have_no_record_are_missing_in_order() -> None:
    assert find_missing(PLAN, [a_slice(1)]) == [0, 2]
    assert find_missing(PLAN, [a_slice(number) for number in (2, 0, 1)]) == []


SECOND = dt.timedelta(seconds=1)


@pytest.mark.parametrize(
    ("requests", "promise"),
    [(0, 540), (1, 540), (2, 1080), (3, 2160), (9, 540 * 256), (10, 540 * 256), (99, 540 * 256)],
)
def test_a_plan_is_stalled_when_it_gave_no_sign_for_its_promise(requests: int, promise: int) -> None:
    plan = dataclasses.replace(PLAN, requests=requests, requested_at=None)
    late = NOON + dt.timedelta(seconds=promise)
    assert not is_stalled(plan, [], late)
    assert is_stalled(plan, [], late + SECOND)


def test_the_newest_sign_counts_whatever_it_is() -> None:
    late = NOON + dt.timedelta(seconds=1080) + SECOND
    assert is_stalled(dataclasses.replace(PLAN, requested_at=None), [], late)
    assert not is_stalled(PLAN, [], late)
    after = a_slice(0, recorded_at=NOON + dt.timedelta(minutes=9))
    before = a_slice(1, recorded_at=NOON - dt.timedelta(minutes=9))
    assert not is_stalled(dataclasses.replace(PLAN, requested_at=None), [after, before], late)
    assert is_stalled(PLAN, [before], late + dt.timedelta(minutes=1))


def test_a_plan_that_is_done_is_never_stalled() -> None:
    assert not is_stalled(dataclasses.replace(PLAN, state=EXPORTED), [], NOON + dt.timedelta(days=9))


def test_what_the_slices_add_up_to_is_in_their_order() -> None:
    slices = [
        a_slice(2, uri="gs://b/2", rows=4, rows_quarantined=1),
        a_slice(0, uri="gs://b/0", rows=3, rows_quarantined=0),
        a_slice(1, uri=None, rows=2, rows_quarantined=2),
    ]
    assert describe_finished(PLAN, slices) == SalesExportFinished(
        batch_id="b-1", rows=9, rows_quarantined=3, objects=["gs://b/0", "gs://b/2"], manifest_uri="gs://l/m.json"
    )


def test_other_ids_than_the_manifest_promised_are_named() -> None:
    slices = [a_slice(0, id_sum=sum_ids(["o-2"])), a_slice(1, id_sum=sum_ids(["o-1"]))]
    assert find_difference(PLAN, slices) == ""
    said = "the ids exported for b-1 are not those of its manifest gs://l/m.json, though as many"
    assert find_difference(PLAN, slices[:1]) == said
    assert find_difference(dataclasses.replace(PLAN, id_sum=None), slices[:1]) == ""


def test_names_that_are_stored_keep_their_text() -> None:
    assert (PLANNED, EXPORTED, REFUSED) == ("planned", "exported", "refused")
    assert slice_id("k", 7) == "k-00007"
