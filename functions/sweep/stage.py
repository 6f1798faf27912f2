"""Find what never arrived: unsent facts, Bronze objects nobody landed, runs and training jobs that ended in silence."""

from __future__ import annotations

import datetime as dt

from functions.sweep.runs import end_expired_run
from functions.sweep.training import end_silent_training, revive_superseded
from ripple.elt_state import read_head
from ripple.errors import PermanentError
from ripple.events import BronzeObjectLanded, RunStalled
from ripple.gateways.edge import Edge
from ripple.paths import split_uri
from ripple.ports import Document, StoredObject
from ripple.shell import Command, Payload
from ripple.stating import Cause, read_outbox, send, state_as

STAGE = "sweep"
PROMISE = dt.timedelta(minutes=5)
"""Between a Bronze object and its landed fact."""
ON_ITS_WAY = dt.timedelta(minutes=1)
"""What is younger may still be in its handler's hands."""


def react(tick: Payload, cause: Cause, edge: Edge) -> None:
    """Mend what can be mended by stating it again; state what is silent."""
    if not isinstance(tick, Command):
        # Another event's time is whatever its sender says: by it a lease that lives would count as expired.
        raise PermanentError("command_malformed", "sweep reacts to ticks only")
    send_leftovers(cause, edge)
    report_unlanded(cause, edge)
    kick_waiting(cause, edge)
    end_expired_run(STAGE, cause, edge)
    end_silent_training(STAGE, ON_ITS_WAY, cause, edge)
    revive_superseded(STAGE, cause, edge)


def send_leftovers(cause: Cause, edge: Edge) -> None:
    """Facts that a crash left between their transaction and Pub/Sub."""
    for _, document in edge.documents.find("outbox", {}, 500):
        envelope = read_outbox(document)
        if cause.time - envelope.time > ON_ITS_WAY:
            send([envelope], edge.publisher, edge.documents)


def report_unlanded(cause: Cause, edge: Edge) -> None:
    """A file claimed longer ago than the promise has lost its handler; an object unclaimed for so long lost its event."""
    known = {(file["uri"], file["generation"]): file for _, file in edge.documents.find("files", {}, 100_000)}
    for stored in edge.objects.list(edge.settings.bucket("bronze"), ""):
        reason = decide_stalled(stored, known.get((stored.ref.uri, stored.ref.generation)), cause.time)
        if reason:
            stalled = RunStalled(
                stalled=stored.ref.uri,
                expected="bronze.object.landed.v1",
                of="land_object",
                since=f"{stored.ref.generation}",
                reason=reason,
            )
            send([state_as(stalled, STAGE, cause)], edge.publisher, edge.documents)


def decide_stalled(stored: StoredObject, file: Document | None, now: dt.datetime) -> str:
    """Why an object counts as stalled, and what to do; empty if it is landed, rejected or young. Pure."""
    since = stored.created if file is None else file.get("claimed_at", stored.created)
    if now - since <= PROMISE or (file is not None and file["state"] != "claimed"):
        return ""
    _, name = split_uri(stored.ref.uri)
    what = "never claimed" if file is None else "claimed, not landed"
    return f"{name} is {what}; replay it: ripple replay --object {stored.ref.uri}"


def kick_waiting(cause: Cause, edge: Edge) -> None:
    """Landed files that wait while the head is free: their event was lost, so it is told again."""
    head = read_head(edge.documents.get("elt/head"))
    waiting = edge.documents.find("files", {"state": "landed", "batch": None}, 1)
    if head.run is None and waiting:
        fact = BronzeObjectLanded.from_data(waiting[0][1]["fact"])
        send([state_as(fact, STAGE, cause)], edge.publisher, edge.documents)
