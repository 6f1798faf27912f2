"""Two replays of one thing at once, through the real stages, in every order of deliveries: the work is done once."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest

from functions.land_object import stage as land_object
from functions.replay import stage as replay
from functions.start_elt import stage as start_elt
from functions.start_training import stage as start_training
from ripple.handling.shell import Command, decode
from ripple.wire.events import BronzeObjectLanded, EltRunSucceeded, Envelope, ReplayRunStarted, TrainingJobFinished
from tests.functions.fakes import NOW, FakeEdge, cause
from tests.ripple.rows.sample_rows import a_click

BRONZE = "ripple-test-bronze"
NAME = "clickstream/dt=2026-01-01/a.jsonl"
ORDERS = sorted(set(permutations(["m-1", "m-2", "m-1", "m-2"])))


def an_edge() -> FakeEdge:
    """One object in Bronze; batch 1 has run, and its dataset was trained on."""
    edge = FakeEdge()
    edge.objects.put("ripple-test-models", "spec.json", b"{}")
    edge.objects.put(BRONZE, NAME, json.dumps(a_click()).encode())
    land_object.react(started("object", f"gs://{BRONZE}/{NAME}"), cause("first"), edge)
    (landed,) = edge.publisher.facts(BronzeObjectLanded)
    start_elt.react(landed, cause(landed.id), edge, lambda _: None)
    succeed(edge, epoch=1)
    start_training.react(success(1), cause("run"), edge)
    (job,) = edge.pipeline_jobs.submitted
    start_training.react(end(job), cause("end"), edge)
    return edge


def started(kind: str, target: str) -> ReplayRunStarted:
    return ReplayRunStarted(replay_id="first", kind=kind, targets=(target,))


def success(epoch: int) -> EltRunSucceeded:
    said = {"batch": 1, "execution": "x", "invocation": "i", "snapshot_uri": "s", "dataset_version": "v"}
    return EltRunSucceeded.from_data(said | {"epoch": epoch, "train_rows": 1, "test_rows": 1, "score_rows": 1})


def succeed(edge: FakeEdge, epoch: int) -> None:
    start_elt.react(success(epoch), cause(f"succeeded {epoch}"), edge, lambda _: None)


def end(job: str) -> TrainingJobFinished:
    said = {"batch": 1, "dataset_version": "v", "state": "succeeded", "outcome": "promoted", "reason": "r"}
    return TrainingJobFinished.from_data(said | {"job": job, "metrics": {}})


def ask_both(edge: FakeEdge, body: dict[str, Any]) -> dict[str, Envelope]:
    """What each of two messages with the same command makes the replay function state, before anyone receives it."""
    stated = {}
    for message in ("m-1", "m-2"):
        command = Command(body=body, attributes={}, published_at=NOW)
        replay.react(command, cause(message), edge)
        stated[message] = edge.publisher.sent[-1]
    assert all(isinstance(envelope.fact, ReplayRunStarted) for envelope in stated.values())
    return stated


def deliver(envelope: Envelope, react: Callable[..., None], edge: FakeEdge) -> None:
    """Over the wire, as Pub/Sub pushes it."""
    react(*decode(envelope.attributes(), envelope.body()), edge)


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_a_batch_runs_once(order: tuple[str, ...]) -> None:
    edge = an_edge()
    replays = ask_both(edge, {"kind": "batch", "batch": 1})
    for message in order:
        deliver(replays[message], start_elt.react, edge)
    succeed(edge, epoch=2)
    for message in order:
        deliver(replays[message], start_elt.react, edge)
    assert [(run["batch"], run["epoch"]) for run in edge.executions.arguments] == [(1, 1), (1, 2)]
    assert edge.documents.held["elt/head"]["run"] is None
    assert edge.executions.arguments[1]["correlation_id"] == replays[order[0]].correlation_id


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_a_dataset_is_trained_on_once(order: tuple[str, ...]) -> None:
    edge = an_edge()
    replays = ask_both(edge, {"kind": "training", "batch": 1})
    for message in order:
        deliver(replays[message], start_training.react, edge)
    first, second = edge.pipeline_jobs.submitted
    start_training.react(end(second), cause("end 2"), edge)
    for message in order:
        deliver(replays[message], start_training.react, edge)
    assert list(edge.pipeline_jobs.submitted) == [first, second]


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_an_object_lands_once(order: tuple[str, ...]) -> None:
    edge = FakeEdge()
    edge.objects.put(BRONZE, NAME, json.dumps(a_click()).encode())
    replays = ask_both(edge, {"kind": "object", "objects": [f"gs://{BRONZE}/{NAME}"]})
    for message in order:
        deliver(replays[message], land_object.react, edge)
    assert len({fact.id for fact in edge.publisher.facts(BronzeObjectLanded)}) == 1
    (file,) = (document for path, document in edge.documents.held.items() if path.startswith("files/"))
    assert file["correlation_id"] == replays[order[0]].correlation_id


def test_the_second_command_finds_the_first_and_adds_nothing() -> None:
    edge = an_edge()
    for message in ("m-1", "m-2"):
        command = Command(body={"kind": "batch", "batch": 1}, attributes={}, published_at=NOW)
        replay.react(command, cause(message), edge)
        if message == "m-1":
            deliver(edge.publisher.sent[-1], start_elt.react, edge)
    words = dataclasses.asdict(edge.publisher.sent[-1].fact)["words"]
    assert "batch 1 is running now: this replay adds nothing" in words
