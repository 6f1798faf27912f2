"""What was lost on the way is sent again or reported."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from typing import Any

import pytest

from functions.export_sales.stage import react as export
from functions.land_object.stage import react as land
from functions.start_batch.stage import react as start_batch
from functions.start_elt.stage import react as start_elt
from functions.start_training.stage import react as start_training
from functions.sweep.arrivals import MOST_AT_ONCE, PAGE
from functions.sweep.stage import react, send_leftovers
from ripple.errors import PermanentError, RetryableError
from ripple.handling.shell import Command, Finalized
from ripple.state.claims import CLAIMS, SWEEP, ClaimRecord, claim_id
from ripple.state.files import FILES
from ripple.wire.events import (
    BronzeObjectLanded,
    EltRunFailed,
    EltRunSucceeded,
    ReplayRunStarted,
    RunStalled,
    SalesExportFinished,
    TrainingJobFinished,
)
from tests.choreography.simulator.scenario import Slice, manifest_of
from tests.functions.fakes import NOW, CrashError, FakeEdge, cause
from tests.functions.test_land_object import GOOD, NAME, put
from tests.ripple.rows.sample_rows import an_order
from tests.ripple.state.golden import hold

TICK = Command(body={}, attributes={"kind": "sweep"}, published_at=NOW)


def sweep(edge: FakeEdge, later: dt.timedelta = dt.timedelta(minutes=10)) -> list[Any]:
    """What a sweep states that many minutes after the beginning, by Firestore's clock; its own is an hour off."""
    edge.publisher.sent.clear()
    edge.documents.clock = lambda: NOW + later
    react(TICK, cause("tick-1", NOW - dt.timedelta(hours=1)), edge)
    return edge.publisher.facts()


def sweep_twice(edge: FakeEdge, later: dt.timedelta) -> list[Any]:
    """The facts of a sweep that others act on; those for people are left out."""
    return [fact for fact in sweep(edge, later) if not isinstance(fact, RunStalled)]


def land_one(edge: FakeEdge, dies_before: str = "") -> BronzeObjectLanded | None:
    stored = put(edge, GOOD)
    payload = Finalized(ref=stored.ref, size=stored.size, metadata={})
    if dies_before:
        edge.documents.dies_before.append(dies_before)
        with pytest.raises(CrashError):
            land(payload, cause(), edge)
        return None
    land(payload, cause(), edge)
    return edge.publisher.facts(BronzeObjectLanded)[0]  # type: ignore[no-any-return]


def start_run(edge: FakeEdge) -> None:
    fact = land_one(edge)
    assert fact is not None
    start_elt(fact, cause(fact.id), edge, lambda _: None)


def test_a_fact_that_a_crash_left_unsent_is_sent_with_its_own_context() -> None:
    edge = FakeEdge()
    land_one(edge, dies_before="delete")
    (left,) = [path for path in edge.documents.held if path.startswith("outbox/")]
    sweep(edge)
    envelope = edge.publisher.sent[0]
    assert isinstance(envelope.fact, BronzeObjectLanded)
    assert (envelope.causation_id, envelope.source) == ("event-1", "//ripple/functions/land_object")
    assert left not in edge.documents.held


def test_a_fact_that_may_be_on_its_way_is_left_alone() -> None:
    edge = FakeEdge()
    land_one(edge, dies_before="delete")
    edge.publisher.sent.clear()
    send_leftovers(NOW + dt.timedelta(seconds=30), cause("tick-1"), edge)
    assert edge.publisher.sent == []
    assert [path for path in edge.documents.held if path.startswith("outbox/")]


def test_a_lost_finalize_is_reported_and_the_object_is_announced_again() -> None:
    edge = FakeEdge()
    stored = put(edge, GOOD)
    stalled, replay = sweep(edge)
    assert isinstance(stalled, RunStalled)
    assert (stalled.stalled, stalled.expected) == (stored.ref.uri, "bronze.object.landed.v1")
    assert f"{NAME} is never claimed" in stalled.reason
    assert isinstance(replay, ReplayRunStarted)
    land(replay, cause(replay.id), edge)
    assert len(edge.publisher.facts(BronzeObjectLanded)) == 1


def test_a_manifest_nobody_received_is_exported_after_all() -> None:
    edge = FakeEdge()
    orders = {"o-1": an_order(order_id="o-1")}
    edge.sales.orders.update(orders)
    promise = manifest_of("b-1", Slice(flow="sales", window_from="2026-01-01", orders=orders))
    edge.objects.put("ripple-test-landing", "sales/b-1.json", json.dumps(promise).encode())
    stalled, replay = sweep(edge)
    assert (stalled.of, replay.kind) == ("export_sales", "manifest")
    export(replay, cause(replay.id), edge)
    (finished,) = edge.publisher.facts(SalesExportFinished)
    assert {fact.of for fact in sweep(edge) if isinstance(fact, RunStalled)} == {"land_object"}
    assert finished.manifest_uri == stalled.stalled


def test_a_manifest_that_can_never_work_is_announced_once() -> None:
    edge = FakeEdge()
    edge.objects.put("ripple-test-landing", "sales/b-1.json", b"no manifest")
    _, replay = sweep(edge)
    with pytest.raises(PermanentError, match="manifest_malformed"):
        export(replay, cause(replay.id), edge)
    assert sweep(edge) == []


def test_a_large_lake_is_listed_a_page_at_a_sweep() -> None:
    edge = FakeEdge()
    for number in range(PAGE + 3):
        stored = edge.objects.put("ripple-test-bronze", f"clickstream/dt=2026-01-01/{number:05d}.jsonl", GOOD)
        hold(edge.documents, "files", stored.ref.key, state="landed")
    FILES.delete(edge.documents, stored.ref.key)
    assert sweep(edge) == []
    assert [fact.stalled for fact in sweep(edge) if isinstance(fact, RunStalled)] == [stored.ref.uri]
    assert sweep(edge) == []


def test_a_new_day_is_looked_at_in_each_sweep_though_a_large_lake_is_listed_for_long() -> None:
    edge = FakeEdge()
    for number in range(PAGE + 3):
        stored = edge.objects.put("ripple-test-bronze", f"clickstream/dt=2025-01-01/{number:05d}.jsonl", GOOD)
        hold(edge.documents, "files", stored.ref.key, state="landed")
    new = [
        edge.objects.put("ripple-test-bronze", f"{flow}/dt={NOW:%Y-%m-%d}/a.jsonl", GOOD)
        for flow in ("clickstream", "startups")
    ]
    announced = [fact.stalled for fact in sweep(edge) if isinstance(fact, RunStalled)]
    assert announced == [stored.ref.uri for stored in new]


def test_what_comes_late_into_an_old_day_is_found_by_the_whole_listing() -> None:
    edge = FakeEdge()
    late = edge.objects.put("ripple-test-bronze", "startups/dt=2020-01-01/late.jsonl", GOOD)
    assert [fact.stalled for fact in sweep(edge) if isinstance(fact, RunStalled)] == [late.ref.uri]


@pytest.mark.parametrize("bucket", ["bronze", "landing"])
def test_a_record_that_cannot_be_read_holds_back_no_other_object(bucket: str) -> None:
    edge, collection = FakeEdge(), {"bronze": "files", "landing": "exports"}[bucket]
    broken = edge.objects.put(f"ripple-test-{bucket}", "sales/dt=2026-01-01/a.parquet", GOOD)
    edge.documents.held[f"{collection}/{broken.ref.key}"] = {"state": ["no state"]}
    others = [
        edge.objects.put("ripple-test-bronze", "startups/dt=2026-01-01/b.jsonl", GOOD),
        edge.objects.put("ripple-test-landing", "sales/c.json", GOOD),
    ]
    with pytest.raises(RetryableError, match=f"{collection}/{broken.ref.key} cannot be read"):
        sweep(edge)
    announced = {fact.stalled for fact in edge.publisher.facts(RunStalled)}
    assert announced == {stored.ref.uri for stored in others}


def test_a_stage_that_is_down_is_not_flooded_with_what_it_has_not_done() -> None:
    edge = FakeEdge()
    for number in range(MOST_AT_ONCE + 3):
        edge.objects.put("ripple-test-bronze", f"clickstream/dt=2026-01-01/{number:05d}.jsonl", GOOD)
    first, second, third = (sweep(edge) for _ in range(3))
    assert len(first) == len(third) == 2 * MOST_AT_ONCE
    assert len(second) == 2 * 3


def test_a_claim_whose_handler_died_is_announced_again() -> None:
    edge = FakeEdge()
    land_one(edge, dies_before="run")
    stalled, _ = sweep(edge)
    assert "claimed, not landed" in stalled.reason


def test_the_same_loss_is_the_same_fact_at_every_sweep() -> None:
    edge = FakeEdge()
    put(edge, GOOD)
    assert sweep(edge)[0].id == sweep(edge, dt.timedelta(hours=1))[0].id


def test_files_that_wait_while_no_run_is_live_are_stated_again() -> None:
    edge = FakeEdge()
    landed = land_one(edge)
    assert sweep(edge) == [landed]


def test_all_is_silent_when_nothing_was_lost() -> None:
    edge = FakeEdge()
    start_run(edge)
    assert sweep(edge) == []


def claim(edge: FakeEdge, execution: str = "executions/1", epoch: int = 1) -> None:
    """As the workflow's first step does."""
    claim = ClaimRecord(batch=1, epoch=epoch, execution=execution, claimed_at=NOW)
    CLAIMS.create(edge.documents, claim_id(1, epoch), claim)


MINUTE = dt.timedelta(minutes=1)


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED"])
def test_a_run_that_ended_without_a_word_is_stated_as_failed_when_nothing_of_it_can_still_arrive(state: str) -> None:
    edge = FakeEdge()
    start_run(edge)
    claim(edge)
    edge.executions.states["executions/1"] = state
    assert sweep(edge, 10 * MINUTE) == []
    assert sweep(edge, 11 * MINUTE) == []
    (failed,) = sweep(edge, 15 * MINUTE)
    assert isinstance(failed, EltRunFailed)
    assert (failed.batch, failed.epoch, failed.state) == (1, 1, state)


def test_a_run_past_its_lease_is_cancelled_first_and_stated_as_failed_later() -> None:
    edge = FakeEdge()
    start_run(edge)
    claim(edge)
    assert sweep(edge, 59 * MINUTE) == []
    assert edge.executions.cancelled == []
    assert sweep_twice(edge, 120 * MINUTE) == []
    assert edge.executions.cancelled == ["executions/1"]
    assert sweep_twice(edge, 125 * MINUTE) == []
    (failed,) = sweep_twice(edge, 130 * MINUTE)
    assert failed.state == "CANCELLED"


def test_the_claim_says_which_of_two_executions_is_asked() -> None:
    edge = FakeEdge()
    start_run(edge)
    edge.documents.held["batches/1"]["execution"] = "executions/2"
    edge.executions.states["executions/2"] = "SUCCEEDED"
    claim(edge, "executions/1")
    assert sweep_twice(edge, 120 * MINUTE) == []
    assert edge.executions.cancelled == ["executions/1"]


def test_a_success_nobody_received_is_stated_again() -> None:
    edge = FakeEdge()
    start_run(edge)
    claim(edge)
    run = succeeded(batch=1)
    edge.executions.states["executions/1"], edge.executions.results["executions/1"] = "SUCCEEDED", run.data()
    assert sweep(edge, 10 * MINUTE) == []
    assert sweep(edge, 15 * MINUTE) == [run]


def test_an_epoch_that_no_execution_claimed_is_claimed_by_the_sweep_so_that_a_sleeper_ends_at_once() -> None:
    edge = FakeEdge()
    start_run(edge)
    assert sweep(edge) == []
    (failed,) = sweep_twice(edge, 120 * MINUTE)
    assert (failed.execution, failed.state) == ("none", "UNAVAILABLE")
    held = CLAIMS.expect(edge.documents, claim_id(1, 1))
    assert (held.execution, held.expires_at) == (SWEEP, NOW + 120 * MINUTE + dt.timedelta(days=30))
    assert sweep_twice(edge, 125 * MINUTE) == [failed]


def test_a_generator_job_that_failed_runs_again_and_is_given_up_after_three() -> None:
    edge = FakeEdge()
    tick = Command(body={"flows": ["startups"]}, attributes={"kind": "batch"}, published_at=NOW)
    start_batch(tick, cause("tick"), edge)
    for number in (1, 2):
        edge.generator_jobs.states[f"jobs/generate-startups/executions/{number}"] = "FAILED"
        assert sweep(edge) == []
    assert len({words for _, words in edge.generator_jobs.runs}) == 1
    edge.generator_jobs.states["jobs/generate-startups/executions/3"] = "FAILED"
    (stalled,) = sweep(edge)
    assert (stalled.of, len(edge.generator_jobs.runs)) == ("generate-startups", 3)
    assert sweep(edge) == []


def test_a_generator_job_that_succeeded_is_asked_for_no_more() -> None:
    edge = FakeEdge()
    tick = Command(body={"flows": ["startups"]}, attributes={"kind": "batch"}, published_at=NOW)
    start_batch(tick, cause("tick"), edge)
    edge.generator_jobs.states["jobs/generate-startups/executions/1"] = "SUCCEEDED"
    sweep(edge)
    assert edge.documents.find("ticks", {"ended": False}, 9) == []


def test_one_part_that_fails_does_not_silence_the_others() -> None:
    edge = FakeEdge()
    landed = land_one(edge)
    edge.documents.held["outbox/garbled"] = {"kept_at": NOW, "type": "no.such.fact"}
    with pytest.raises(RetryableError, match="send_leftovers"):
        sweep(edge)
    assert edge.publisher.facts() == [landed]


def test_a_replay_that_waits_while_no_run_is_live_is_kicked_too() -> None:
    edge = FakeEdge()
    start_run(edge)
    edge.documents.held["elt/head"] |= {"run": None, "replays": [1]}
    assert [fact.uri for fact in sweep(edge)] == [f"gs://ripple-test-bronze/{NAME}"]


def test_an_object_that_is_young_is_left_to_its_handler() -> None:
    edge = FakeEdge()
    put(edge, GOOD)
    assert sweep(edge, dt.timedelta(minutes=4)) == []


def succeeded(batch: int) -> EltRunSucceeded:
    return EltRunSucceeded(
        batch=batch,
        epoch=batch,
        execution="x",
        invocation="i",
        snapshot_uri="gs://ripple-test-features/snapshots/batch=1/",
        dataset_version=f"version-{batch}",
        train_rows=1,
        test_rows=1,
        score_rows=1,
    )


def train_on(edge: FakeEdge, batch: int = 1) -> str:
    """The job of a batch that is trained on."""
    edge.objects.put("ripple-test-models", "spec.json", b"{}")
    run = succeeded(batch)
    hold(edge.documents, "batches", batch, state="done", succeeded=run)
    start_training(run, cause(run.id), edge)
    return str(edge.documents.held[f"trainings/{batch}"].get("job", ""))


@pytest.mark.parametrize(("state", "outcome"), [("FAILED", "failed"), ("CANCELLED", "cancelled")])
def test_a_training_job_that_ended_in_silence_is_stated(state: str, outcome: str) -> None:
    edge = FakeEdge()
    job = train_on(edge)
    edge.pipeline_jobs.states[job] = state
    (finished,) = sweep(edge)
    assert isinstance(finished, TrainingJobFinished)
    assert (finished.job, finished.state, finished.outcome) == (job, "failed", outcome)
    start_training(finished, cause(finished.id), edge)
    assert sweep(edge) == []


def test_a_training_job_that_was_decided_and_never_submitted_is_stated_again_under_the_same_id() -> None:
    edge = FakeEdge()
    job = train_on(edge)
    edge.pipeline_jobs.submitted.clear()
    (stated,) = sweep(edge)
    start_training(stated, cause(stated.id), edge)
    assert list(edge.pipeline_jobs.submitted) == [job]


def test_a_success_that_training_never_received_is_stated_to_it() -> None:
    edge = FakeEdge()
    run = succeeded(1)
    hold(edge.documents, "batches", 1, state="done", succeeded=run)
    edge.documents.held["elt/head"] = {"run": None, "epoch": 1, "next": 2, "replays": []}
    assert sweep(edge) == [run]


@pytest.mark.parametrize("state", ["RUNNING", "PENDING", "SUCCEEDED"])
def test_a_training_job_that_is_well_is_left_alone(state: str) -> None:
    edge = FakeEdge()
    edge.pipeline_jobs.states[train_on(edge)] = state
    assert sweep(edge) == []


def test_a_dataset_skipped_for_a_run_that_was_parked_is_stated_again_and_trained() -> None:
    edge = FakeEdge()
    run = {"batch": 2, "epoch": 9, "lease_until": NOW, "cause": "c", "execution": ""}
    head = {"run": run, "epoch": 9, "next": 3, "replays": []}
    edge.documents.held["elt/head"] = head
    assert train_on(edge) == ""
    edge.documents.held["elt/head"] = head | {"run": None}
    (stated,) = sweep(edge)
    assert isinstance(stated, EltRunSucceeded)
    start_training(stated, cause(stated.id), edge)
    assert edge.documents.held["trainings/1"]["train"]
    assert sweep(edge) == []


def test_files_that_met_the_cap_are_kicked_when_the_hour_allows_a_run() -> None:
    edge = FakeEdge()
    start_run(edge)
    starts = {"noted": [edge.documents.now], "most": 1}
    edge.settings = dataclasses.replace(edge.settings, elt_runs_per_hour=1)
    edge.documents.held["elt/head"] |= {"run": None, "replays": [1], "starts": starts}
    assert sweep(edge, dt.timedelta(minutes=59)) == []
    assert [fact.uri for fact in sweep(edge, dt.timedelta(minutes=60))] == [f"gs://ripple-test-bronze/{NAME}"]


def test_the_newest_dataset_that_met_the_cap_is_trained_when_the_day_allows_it() -> None:
    edge = FakeEdge()
    edge.settings = dataclasses.replace(edge.settings, training_jobs_per_day=1)
    edge.documents.held["training/head"] = {"noted": [edge.documents.now], "most": 1}
    edge.documents.held["elt/head"] = {"run": None, "epoch": 1, "next": 2, "replays": []}
    assert train_on(edge) == ""
    assert sweep(edge, dt.timedelta(hours=23)) == []
    (stated,) = sweep(edge, dt.timedelta(hours=24))
    start_training(stated, cause(stated.id), edge)
    assert edge.documents.held["trainings/1"]["train"]
