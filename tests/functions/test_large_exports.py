"""A large export is planned once, comes in slices from any instance in any order, and finishes once."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import operator
import random
from collections import Counter
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import pyarrow.parquet as pq
import pytest

from functions.export_sales.manifests import BatchManifest
from functions.export_sales.planning import MOST_SLICES, measure_batch, measure_changes, merge, rows_per_slice
from functions.export_sales.stage import react
from functions.sweep.stage import react as sweep
from ripple.deployment.settings import Settings
from ripple.errors import PermanentError, RetryableError
from ripple.handling.shell import Finalized
from ripple.ports import ChangeRange
from ripple.rows.checksums import IdSum, sum_ids
from ripple.state.export_plan import ExportPlan, expect_plan
from ripple.state.exports import EXPORTS
from ripple.wire.events import (
    Fact,
    ReplayRunStarted,
    RunStalled,
    SalesExportFinished,
    SalesExportRequested,
    SalesSliceExported,
    SalesSliceRequested,
)
from tests.functions.fakes import NOW, CrashError, FakeDocuments, FakeEdge, FakeSales, cause
from tests.functions.test_export_sales import BRONZE, deliver, fill, manifest
from tests.functions.test_sweep import TICK
from tests.ripple.rows.sample_rows import AT, an_order

DAY = dt.timedelta(days=1)


def an_edge(rows_per_slice: int = 4, **ports: Any) -> FakeEdge:
    return FakeEdge(settings=Settings(project="ripple-test", export_rows_per_slice=rows_per_slice), **ports)


def large(count: int = 10, **changed: Any) -> FakeEdge:
    """An edge that has received a manifest of so many orders."""
    edge = an_edge()
    fill(edge, count)
    deliver(edge, promise(edge, **changed))
    return edge


def promise(edge: FakeEdge, **changed: Any) -> dict[str, Any]:
    return manifest(edge, id_sum=sum_ids(edge.sales.orders)) | changed


def requested(edge: FakeEdge) -> list[SalesSliceRequested]:
    return edge.publisher.facts(SalesSliceRequested)


def receive(edge: FakeEdge, fact: Fact, **context: Any) -> None:
    react(fact, dataclasses.replace(cause(fact.id), **context), edge)


def order_ids(edge: FakeEdge) -> Counter[str]:
    """Of all that is in Bronze."""
    objects = [data for (bucket, _), (_, data) in edge.objects.live.items() if bucket == BRONZE]
    return Counter(name for data in objects for name in pq.read_table(io.BytesIO(data))["order_id"].to_pylist())


def plans(edge: FakeEdge) -> list[ExportPlan]:
    return [expect_plan(key, record) for key, record in EXPORTS.find_all(edge.documents)]


def test_a_large_batch_is_planned_and_nothing_of_it_is_read_yet() -> None:
    edge = large()
    assert {type(fact) for fact in edge.publisher.facts()} == {SalesSliceRequested}
    assert [fact.slice for fact in requested(edge)] == list(range(requested(edge)[0].slices))
    assert sum(fact.rows for fact in requested(edge)) == 10
    assert all(0 < fact.rows <= 4 for fact in requested(edge))
    assert order_ids(edge) == {}


@pytest.mark.parametrize("seed", range(8))
def test_slices_in_any_order_and_twice_bring_every_order_once_and_finish_once(seed: int) -> None:
    edge = large(count=23)
    stated = requested(edge) * 2
    random.Random(seed).shuffle(stated)
    for fact in stated:
        receive(edge, fact)
    (finished,) = edge.publisher.facts(SalesExportFinished)
    exported = edge.publisher.facts(SalesSliceExported)
    assert (finished.rows, finished.rows_quarantined) == (23, 0)
    assert list(finished.objects) == sorted(fact.uri for fact in exported)
    assert {fact.slice for fact in exported} == set(range(exported[0].slices))
    assert order_ids(edge) == Counter(list(edge.sales.orders))
    assert [plan.state for plan in plans(edge)] == ["exported"]


def test_the_last_slice_states_that_all_are_there_on_the_batchs_line() -> None:
    edge = large()
    for fact in requested(edge):
        assert edge.publisher.facts(SalesExportFinished) == []
        receive(edge, fact, correlation_id="the redrive")
    assert {(sent.fact.TYPE, sent.correlation_id) for sent in edge.publisher.sent[-2:]} == {
        ("sales.slice.exported.v1", "the redrive"),
        ("sales.export.finished.v1", "b-1"),
    }


def test_a_second_delivery_of_a_manifest_asks_for_nothing_again() -> None:
    edge = large()
    before = requested(edge)
    deliver_again(edge)
    assert requested(edge) == before
    for fact in before:
        receive(edge, fact)
    deliver_again(edge)
    assert requested(edge) == before
    assert len(edge.publisher.facts(SalesExportFinished)) == 1


def deliver_again(edge: FakeEdge) -> None:
    (stored,) = [stored for (bucket, _), (stored, _) in edge.objects.live.items() if bucket == "ripple-test-landing"]
    react(Finalized(ref=stored.ref, size=stored.size, metadata={}), cause(), edge)


class DyingDocuments(FakeDocuments):
    """Dies before the transaction of that number, from 1."""

    dies_before_run = 0

    def run(self, work: Any) -> Any:
        self.dies_before_run -= 1
        if not self.dies_before_run:
            raise CrashError("run")
        return super().run(work)


def test_who_died_before_it_noted_that_all_were_asked_for_asks_again_by_the_same_plan() -> None:
    documents = DyingDocuments()
    documents.dies_before_run = 2
    edge = an_edge(documents=documents)
    fill(edge, 10)
    with pytest.raises(CrashError):
        deliver(edge, promise(edge))
    (plan,) = plans(edge)
    edge.sales.orders["o-00000x"] = an_order(order_id="o-00000x", batch_id="another")
    deliver_again(edge)
    assert plans(edge) == [dataclasses.replace(plan, requests=1, requested_at=NOW)]
    assert [fact.slice for fact in requested(edge)] == list(range(plan.slices)) * 2


@pytest.mark.parametrize("call", ["run", "delete"])
def test_a_slice_whose_handler_died_is_done_by_the_next_one(call: str) -> None:
    edge = large()
    first, *rest = requested(edge)
    edge.documents.dies_before.append(call)
    with pytest.raises(CrashError):
        receive(edge, first)
    for fact in (*rest, first):
        receive(edge, fact)
    assert len(edge.publisher.facts(SalesExportFinished)) == 1
    assert order_ids(edge) == Counter(list(edge.sales.orders))


def test_documents_that_are_late_are_waited_for_before_anything_is_planned() -> None:
    edge = an_edge()
    fill(edge, 10)
    with pytest.raises(RetryableError, match="found 10 of 11 documents of b-1"):
        deliver(edge, promise(edge, count=11))
    assert edge.publisher.sent == []
    assert plans(edge) == []


def test_a_slice_whose_stream_ended_early_is_tried_again_and_is_not_in_bronze() -> None:
    edge = large()
    first, *_ = requested(edge)
    edge.sales.ends_after = 1
    with pytest.raises(RetryableError, match=f"read 1 of {first.rows}"):
        receive(edge, first)
    assert order_ids(edge) == {}


def test_other_documents_than_promised_are_a_dead_letter_that_names_them() -> None:
    edge = large(id_sum="0" * 64)
    *most, last = requested(edge)
    for fact in most:
        receive(edge, fact)
    with pytest.raises(PermanentError, match=r"export_mismatch.*b-1 are not those of its manifest gs://"):
        receive(edge, last)
    assert edge.publisher.facts(SalesExportFinished) == []
    assert [plan.state for plan in plans(edge)] == ["refused"]


def test_a_manifest_without_a_sum_is_exported_in_one_call_and_held_against_its_checksum() -> None:
    edge = an_edge()
    fill(edge, 10)
    deliver(edge, manifest(edge))
    assert requested(edge) == []
    assert edge.publisher.facts(SalesExportFinished)[0].rows == 10
    with pytest.raises(RetryableError, match="not those of its manifest"):
        deliver(edge, manifest(edge, checksum="0" * 64))


def test_a_batch_of_before_there_were_plans_is_stated_again_as_it_was_exported() -> None:
    edge = an_edge(rows_per_slice=100)
    fill(edge, 10)
    deliver(edge, promise(edge))
    edge.settings = Settings(project="ripple-test", export_rows_per_slice=4)
    deliver_again(edge)
    assert requested(edge) == []
    assert order_ids(edge) == Counter(list(edge.sales.orders))


def a_replay(replay_id: str) -> ReplayRunStarted:
    uri = "gs://ripple-test-landing/sales/b-1/manifest.json"
    return ReplayRunStarted(replay_id=replay_id, kind="manifest", targets=(uri,))


def test_a_replay_asks_for_the_slices_that_did_not_come() -> None:
    edge = large()
    first, *rest = requested(edge)
    receive(edge, first)
    edge.publisher.sent.clear()
    receive(edge, a_replay("r-1"), correlation_id="r-1")
    assert requested(edge) == rest
    assert {(sent.correlation_id, sent.replay_of) for sent in edge.publisher.sent} == {("r-1", "b-1")}


def test_a_replay_of_what_finished_brings_back_what_is_gone_and_leaves_the_rest() -> None:
    edge = large()
    for fact in requested(edge):
        receive(edge, fact)
    exported, held = edge.publisher.facts(SalesSliceExported), dict(edge.objects.live)
    gone = (BRONZE, exported[1].uri.partition(f"{BRONZE}/")[2])
    del edge.objects.live[gone]
    edge.publisher.sent.clear()
    for _ in range(2):
        receive(edge, a_replay("r-1"), correlation_id="r-1")
    for fact in requested(edge):
        receive(edge, fact, correlation_id="r-1", replay_of="b-1")
    (finished,) = edge.publisher.facts(SalesExportFinished)
    assert (finished.rows, len(requested(edge))) == (10, len(exported))
    assert order_ids(edge) == Counter(list(edge.sales.orders))
    assert [name for name in held if held[name] != edge.objects.live[name]] == [gone]
    assert {sent.correlation_id for sent in edge.publisher.sent} == {"r-1"}


def test_what_sweep_announced_late_is_not_exported_again() -> None:
    edge = large()
    for fact in requested(edge):
        receive(edge, fact)
    edge.publisher.sent.clear()
    receive(edge, a_replay("sweep-0123"), correlation_id="tick-1")
    assert edge.publisher.sent == []


def test_a_slice_that_no_plan_has_is_refused() -> None:
    edge = large()
    fact = requested(edge)[0]
    for wrong in (dataclasses.replace(fact, export="nothing"), dataclasses.replace(fact, slice=99)):
        with pytest.raises(PermanentError, match="export_unknown"):
            receive(edge, wrong)


# Windows of change


def a_window(edge: FakeEdge, count: int, apart: dt.timedelta = dt.timedelta(minutes=7)) -> SalesExportRequested:
    for number in range(count):
        edge.sales.orders[f"o-{number:03d}"] = an_order(order_id=f"o-{number:03d}", updated_at=AT + number * apart)
    begin = AT.replace(hour=0, minute=0, second=0, microsecond=0)
    asked = SalesExportRequested(
        batch_id="live-1", changed_from=begin.isoformat(), changed_to=(begin + DAY).isoformat()
    )
    receive(edge, asked)
    return asked


def test_a_large_window_is_cut_by_the_time_of_change() -> None:
    edge = an_edge()
    asked = a_window(edge, 25)
    (plan,) = plans(edge)
    assert all(isinstance(plan.range_of(number), ChangeRange) for number in range(plan.slices))
    assert (plan.bounds[0], plan.bounds[-1]) == tuple(
        map(dt.datetime.fromisoformat, (asked.changed_from, asked.changed_to))
    )
    assert max(plan.rows) <= 4
    for fact in requested(edge):
        receive(edge, fact)
    receive(edge, asked)
    (finished,) = edge.publisher.facts(SalesExportFinished)
    assert (finished.batch_id, finished.rows, finished.manifest_uri) == ("live-1", 25, None)
    assert order_ids(edge) == Counter(list(edge.sales.orders))


def test_documents_that_changed_at_one_moment_are_one_slice() -> None:
    edge = an_edge()
    a_window(edge, 9, apart=dt.timedelta())
    (plan,) = plans(edge)
    assert plan.rows == (9,)


def test_documents_that_change_again_leave_the_window_and_its_slices_still_finish() -> None:
    edge = an_edge()
    a_window(edge, 10)
    for name in ("o-000", "o-009"):
        edge.sales.orders[name] = an_order(order_id=name, updated_at=AT + 3 * DAY)
    for fact in requested(edge):
        receive(edge, fact)
    assert edge.publisher.facts(SalesExportFinished)[0].rows == 8


def test_a_slice_whose_documents_all_left_writes_nothing() -> None:
    edge = an_edge()
    a_window(edge, 10)
    for name in list(edge.sales.orders):
        edge.sales.orders[name] = an_order(order_id=name, updated_at=AT + 3 * DAY)
    for fact in requested(edge):
        receive(edge, fact)
    finished = edge.publisher.facts(SalesExportFinished)[0]
    assert (finished.rows, list(finished.objects), order_ids(edge)) == (0, [], {})


def test_a_small_window_whose_stream_ended_early_is_tried_again() -> None:
    edge = an_edge(rows_per_slice=100)
    edge.sales.ends_after = 3
    with pytest.raises(RetryableError, match="read 3 of 10"):
        a_window(edge, 10)
    assert edge.publisher.sent == []


# Plans


@pytest.mark.parametrize("count", [1, 4, 5, 99])
@pytest.mark.parametrize("others", [0, 500])
def test_stretches_hold_every_document_of_the_batch_once(count: int, others: int) -> None:
    """The others are of earlier batches with lower ids: a batch of late ids is in few stretches of its collection."""
    edge = an_edge()
    fill(edge, count, batch_id="b-1")
    edge.sales.orders |= {f"a-{n:05d}": an_order(batch_id="old") for n in range(others)}
    promised = BatchManifest(
        batch_id="b-1", collection="sales", window_from="2026-01-01", count=count, checksum="", id_sum=None, uri=""
    )
    slices = merge(measure_batch(promised, 4, edge.sales), 4)
    bounds = [*(begin for begin, _ in slices), ""]
    held = [
        [n for n in sorted(edge.sales.orders) if n >= low and (not high or n < high) and n[0] == "o"]
        for low, high in pairwise(bounds)
    ]
    assert [len(names) for names in held] == [rows for _, rows in slices]
    assert sum(map(len, held)) == count
    assert len(slices) <= max(1, count // 2)


@pytest.mark.parametrize(
    ("rows", "merged"),
    [
        ([], []),
        ([0], [0]),
        ([1, 1, 1], [3]),
        ([0, 0, 4, 0], [4]),
        ([3, 2, 2, 4, 1], [3, 4, 4, 1]),
        ([0, 9, 0, 1], [9, 1]),
    ],
)
def test_neighbours_are_merged_up_to_the_most(rows: Sequence[int], merged: Sequence[int]) -> None:
    found = merge([(f"{number}", count) for number, count in enumerate(rows)], 4)
    assert [count for _, count in found] == merged
    assert [begin for begin, _ in found][:1] == ["0"][: len(rows)]


def test_an_export_of_any_size_has_a_thousand_slices_at_most() -> None:
    assert rows_per_slice(10**6, 50_000) == 50_000
    assert 10**9 / rows_per_slice(10**9, 50_000) <= MOST_SLICES


def test_a_window_is_halved_no_further_than_a_microsecond() -> None:
    sales = FakeSales(orders={f"o-{n}": {"updated_at": AT} for n in range(9)})
    window = ChangeRange(collection="sales", changed_from=AT - DAY, changed_to=AT + DAY)
    stretches = list(measure_changes(window, 9, 4, sales))
    assert max(rows for _, rows in stretches) == 9
    assert sum(rows for _, rows in stretches) == 9
    assert len(stretches) < 60


def test_sums_of_ids_add_up_in_any_order() -> None:
    names = [f"o-{n}" for n in range(20)]
    total = IdSum()
    for part in (names[7:], names[:3], names[3:7]):
        total.add_sum(sum_ids(part))
    assert total.hexdigest() == sum_ids(reversed(names))
    assert sum_ids(names[1:]) != sum_ids(names) != sum_ids([*names[1:], "o-x"])


# Sweep


def sweep_at(edge: FakeEdge, minutes: float) -> list[Any]:
    edge.publisher.sent.clear()
    edge.documents.clock = lambda: NOW + dt.timedelta(minutes=minutes)
    sweep(TICK, cause("tick-1"), edge)
    return [fact for fact in edge.publisher.facts() if isinstance(fact, RunStalled | SalesSliceRequested)]


def exports_of(facts: Sequence[Any]) -> list[Any]:
    return [
        fact for fact in facts if isinstance(fact, SalesSliceRequested) or fact.expected == "sales.export.finished.v1"
    ]


def test_slices_that_did_not_come_are_asked_for_again_and_reported() -> None:
    edge = large()
    first, *rest = requested(edge)
    receive(edge, first)
    assert exports_of(sweep_at(edge, 8)) == []
    stalled, *again = exports_of(sweep_at(edge, 10))
    assert again == rest
    assert f"export of b-1: 1 of {first.slices} slices are there, missing: 1, 2" in stalled.reason
    assert {sent.correlation_id for sent in edge.publisher.sent if isinstance(sent.fact, SalesSliceRequested)} == {
        "b-1"
    }
    for fact in again:
        receive(edge, fact)
    assert len(edge.publisher.facts(SalesExportFinished)) == 1
    assert exports_of(sweep_at(edge, 60)) == []


def test_the_promise_doubles_with_every_request() -> None:
    edge = large()
    asked = [minute for minute in range(0, 120, 2) if exports_of(sweep_at(edge, minute))]
    assert [after - before for before, after in pairwise([0, *asked])] == [10, 20, 38]


def test_an_export_that_makes_progress_is_left_alone() -> None:
    edge = large()
    for minute, fact in enumerate(requested(edge)[:-1]):
        edge.documents.clock = partial(operator.add, NOW, dt.timedelta(minutes=8 * minute))
        receive(edge, fact)
    assert exports_of(sweep_at(edge, 8 * (minute + 1))) == []


def test_an_export_whose_last_handler_died_before_it_looked_is_finished_after_all() -> None:
    edge = large()
    facts = requested(edge)
    for fact in facts[:-1]:
        receive(edge, fact)
    edge.documents.dies_before = ["delete"]
    with pytest.raises(CrashError):
        receive(edge, facts[-1])
    stalled, again = exports_of(sweep_at(edge, 10))
    assert "nobody said that it finished" in stalled.reason
    receive(edge, again)
    assert len(edge.publisher.facts(SalesExportFinished)) == 1
