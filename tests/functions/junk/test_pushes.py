"""Any bytes at all as an event or a command: done, or a dead letter with its reason, and never an exception that comes back for a day."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ripple.deployment.routes import FINALIZED, STAGES, CommandTrigger, FinalizeTrigger
from ripple.errors import RetryableError
from ripple.handling.shell import handle
from ripple.handling.stating import Cause, keep_in_outbox, outbox_id, state_as
from ripple.wire.events import CATALOGUE, BronzeObjectRejected, SalesExportFinished
from tests.functions.fakes import NOW, FakeTransaction
from tests.functions.junk.pushes import (
    COMMANDED,
    CONTEXT,
    FACTS,
    FINALIZES,
    MANIFEST_OBJECT,
    OBJECT,
    PUSHES,
    changed,
    events,
    request_of,
    write,
)
from tests.functions.junk.refusing import RefusingEdge
from tests.functions.junk.worlds import a_manifest, an_edge, stage_of

Push = tuple[dict[str, str], bytes]


def meant_for(stage: str) -> st.SearchStrategy[Any]:
    """What a stage's own triggers bring it, garbled."""
    kinds = STAGES[stage].triggers
    stated = [events(kind.type, FACTS[kind.type]) for kind in kinds if hasattr(kind, "type")]
    finalized = [FINALIZES] if any(isinstance(kind, FinalizeTrigger) for kind in kinds) else []
    commanded = [COMMANDED] if any(isinstance(kind, CommandTrigger) for kind in kinds) else []
    return st.one_of(*stated, *finalized, *commanded)


def push(stage: str, pushed: Push, edge: RefusingEdge) -> int:
    headers, body = pushed
    try:
        text, status = handle(request_of(headers, body), stage, stage_of(stage), edge)
    except RetryableError:
        return 500
    text.encode()
    return status


def check(stage: str, pushed: Push) -> None:
    """Twice, as at-least-once has it: the second time finds what the first left behind."""
    edge = an_edge()
    for _ in range(2):
        before = len(edge.publisher.dead_letters)
        status = push(stage, pushed, edge)
        dead = edge.publisher.dead_letters[before:]
        assert status in ((200,) if dead else (204, 500))
        for _, attributes in dead:
            assert attributes["ripple-stage"] == stage
            assert attributes["ripple-code"]
            assert attributes["ripple-reason"]


THOROUGH = settings(max_examples=150, derandomize=True, deadline=None)


@pytest.mark.parametrize("stage", STAGES)
@THOROUGH
@given(data=st.data())
def test_what_its_triggers_bring_garbled_is_done_or_dead_lettered(stage: str, data: st.DataObject) -> None:
    check(stage, data.draw(meant_for(stage)))


@pytest.mark.parametrize("stage", STAGES)
@settings(max_examples=60, derandomize=True, deadline=None)
@given(pushed=PUSHES)
def test_what_is_meant_for_another_stage_is_done_or_dead_lettered(stage: str, pushed: Push) -> None:
    check(stage, pushed)


MANIFESTS = st.one_of(changed(a_manifest()).map(write), st.binary(max_size=200), st.just(b"[" * 70_000))


@settings(max_examples=200, derandomize=True, deadline=None)
@given(body=MANIFESTS)
def test_any_manifest_is_exported_refused_or_tried_again(body: bytes) -> None:
    edge = an_edge()
    stored = edge.objects.put("ripple-test-landing", "sales/b-1.json", body)
    resource = MANIFEST_OBJECT | {"generation": str(stored.ref.generation)}
    status = push("export_sales", (CONTEXT | {"ce-type": FINALIZED}, write(resource)), edge)
    exported = edge.publisher.facts(SalesExportFinished)
    assert (status, len(exported), len(edge.publisher.dead_letters)) in ((204, 1, 0), (200, 0, 1), (500, 0, 0))


def test_a_manifest_larger_than_any_is_refused_unread() -> None:
    edge = an_edge()
    stored = edge.objects.put("ripple-test-landing", "sales/b-1.json", b" " * 64 * 1024 + write(a_manifest()))
    resource = MANIFEST_OBJECT | {"generation": str(stored.ref.generation), "size": "1"}
    assert push("export_sales", (CONTEXT | {"ce-type": FINALIZED}, write(resource)), edge) == 200
    assert edge.publisher.dead_letters[0][1]["ripple-code"] == "manifest_malformed"


def finalize(edge: RefusingEdge, name: str, data: bytes = b"{", metadata: dict[str, str] | None = None) -> int:
    stored = edge.objects.put("ripple-test-bronze", name, data, metadata)
    resource = OBJECT | {"name": name, "generation": str(stored.ref.generation), "metadata": metadata or {}}
    return push("land_object", (CONTEXT | {"ce-type": FINALIZED}, write(resource)), edge)


@pytest.mark.parametrize("letter", ["x", "\u00e9", "\U0001f4a5", "\u202e"])
@pytest.mark.parametrize("size", [850, 900, 1024])
def test_an_object_with_a_name_as_long_as_it_can_be_is_answered_by_a_fact(letter: str, size: int) -> None:
    edge = an_edge()
    name = "clickstream/dt=2026-01-01/" + letter * ((size - 32) // len(letter.encode())) + ".jsonl"
    assert finalize(edge, name) == 204
    assert edge.publisher.facts(BronzeObjectRejected)[0].uri == f"gs://ripple-test-bronze/{name}"


def test_a_batch_in_the_metadata_longer_than_an_attribute_is_distinguished_by_its_hash() -> None:
    edge = an_edge()
    assert finalize(edge, "clickstream/dt=2026-01-01/b.jsonl", metadata={"ripple-batch": "b" * 7000}) == 204
    assert len(edge.publisher.sent[0].attributes()["ce-correlationid"]) == 1024


def test_two_generations_of_a_long_name_keep_apart_in_the_outbox() -> None:
    cause = Cause(event_id="e", correlation_id="c", time=NOW)
    facts = [
        BronzeObjectRejected(uri="gs://b/" + "\u00e9" * 400, generation=number, code="c", reason="r")
        for number in (1, 2)
    ]
    transaction = FakeTransaction({})
    for fact in facts:
        keep_in_outbox(transaction, state_as(fact, "land_object", cause), NOW)
    assert len({path for _, path, _ in transaction.writes}) == 2
    assert all(len(outbox_id(state_as(fact, "land_object", cause)).encode()) <= 1500 for fact in facts)


@pytest.mark.parametrize("kind", CATALOGUE)
def test_a_fact_with_equal_keys_is_dead_lettered_and_not_half_read(kind: str) -> None:
    body = json.dumps(FACTS[kind])[:-1] + ', "x": 1, "x": 2}'
    edge = an_edge()
    assert push("start_elt", (CONTEXT | {"ce-type": kind}, body.encode()), edge) == 200


@pytest.mark.parametrize(
    "arguments", [{"from": "2020-01-01"}, {"batch-id": "x"}, {"a b": "1"}, {"x": "a\0b"}, {"x": True}]
)
def test_a_tick_cannot_give_its_job_another_window_than_the_fact_states(arguments: dict[str, Any]) -> None:
    edge = an_edge()
    data = base64.b64encode(json.dumps({"arguments": arguments}).encode()).decode()
    message = {"data": data, "messageId": "1", "publishTime": "2026-01-01T00:00:00Z"}
    assert push("start_batch", ({}, json.dumps({"message": message}).encode()), edge) == 200
    assert edge.generator_jobs.runs == []


@pytest.mark.parametrize(
    ("stage", "data"),
    [
        ("replay", b'{"kind": "batch", "batch": 1, "dry_run": true, "dry_run": false}'),
        ("start_batch", b'{"flows": ["sales"], "flows": ["clickstream"]}'),
        ("sweep", b'{"flows": ["sales"]}'),
    ],
)
def test_a_command_with_equal_or_unread_keys_is_dead_lettered(stage: str, data: bytes) -> None:
    edge = an_edge()
    message = {"data": base64.b64encode(data).decode(), "messageId": "1", "publishTime": "2026-01-01T00:00:00Z"}
    assert push(stage, ({}, json.dumps({"message": message}).encode()), edge) == 200
    assert edge.publisher.dead_letters[0][1]["ripple-code"] == "command_malformed"


def test_a_replay_lands_what_it_can_before_it_is_dead_lettered_for_the_rest() -> None:
    edge = an_edge()
    uris = ["gs://ripple-test-other/x.jsonl", "gs://ripple-test-bronze/clickstream/dt=2026-01-01/part-1.jsonl"]
    replay = {"replay_id": "r-1", "kind": "object", "targets": uris}
    assert push("land_object", (CONTEXT | {"ce-type": "replay.run.started.v1"}, write(replay)), edge) == 200
    assert [fact.uri for fact in edge.publisher.facts()] == uris[1:]
    assert uris[0] in edge.publisher.dead_letters[0][1]["ripple-reason"]
