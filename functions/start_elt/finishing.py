"""The end of a run, in transactions: what it makes of batch and head is decided once, files leave the batch, the head is freed.

While files are leaving, the head keeps the run: whoever is delivered its end again goes on where the first one stopped.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Protocol

from functions.start_elt.batching import Started
from functions.start_elt.ending import Ended, Standing, Terms, needs_members, note_end, settle
from functions.start_elt.parking import count_members, park
from ripple.handling.stating import Cause, keep_in_outbox, send, state_as
from ripple.ports import Transaction
from ripple.ports.holders import CapPorts, StatingPorts
from ripple.state.batches import BATCHES, BatchRecord
from ripple.state.elt_runs import is_live
from ripple.state.head import HEAD, EltRun, Head
from ripple.state.holds import Hold, held_flows
from ripple.state.incidents import Incident
from ripple.state.parts import Members
from ripple.wire.events import Envelope, Fact, RunStalled

_STAGE = "start_elt"
Decide = Callable[[Head, BatchRecord, Terms], Standing]


class FinishPorts(StatingPorts, CapPorts, Protocol):
    """What ending a run takes."""


def finish_run(ended: Ended, cause: Cause, ports: FinishPorts) -> Started | None:
    """Do what follows from the end of the live run, and of no other; the run that begins at once, if it is tried again."""
    run, batch = HEAD.get(ports.documents).run, BATCHES.get(ports.documents, ended.batch)
    if run is None or batch is None or (run.batch, run.epoch) != (ended.batch, ended.epoch):
        return None
    members = count_members(run, batch, ports.documents) if needs_members(batch, ended) else {}
    standing = _write(ended, cause, ports, _decide_on(ended, members))
    if standing is None:
        return None
    if standing.again and standing.head.run is not None:
        return Started(run=standing.head.run, batch=standing.batch)
    if standing.batch.incident is not None and standing.batch.incident.leaving:
        _let_leave(run, standing.batch.incident, ended, cause, ports)
    return None


def _decide_on(ended: Ended, members: Members) -> Decide:
    def decide(head: Head, batch: BatchRecord, terms: Terms) -> Standing:
        if batch.incident is not None and batch.incident.leaving:
            return Standing(head=head, batch=batch)
        return note_end(head, batch, ended, members, terms)

    return decide


def _let_leave(run: EltRun, incident: Incident, ended: Ended, cause: Cause, ports: FinishPorts) -> None:
    parked = park(run, incident, ports.documents)
    _write(ended, cause, ports, lambda head, batch, _: settle(head, batch, ended, parked.files), [parked])


def _write(
    ended: Ended, cause: Cause, ports: FinishPorts, decide: Decide, facts: Sequence[Fact] = ()
) -> Standing | None:
    """Write what is decided and keep the facts that follow; None, and nothing done, once the run is over."""
    settings = ports.settings

    def work(transaction: Transaction, now: dt.datetime) -> tuple[Standing, list[Envelope]] | None:
        head = HEAD.get(transaction)
        if not is_live(head, ended.batch, ended.epoch):
            return None
        terms = Terms(
            now=now,
            cause=cause.event_id,
            lease=dt.timedelta(seconds=settings.elt_lease_seconds),
            attempts=settings.elt_attempts,
            runs_per_hour=settings.elt_runs_per_hour,
        )
        standing = decide(head, BATCHES.expect(transaction, ended.batch), terms)
        held = [*facts, *report_holds(head, standing.head, ended.batch)]
        envelopes = [state_as(fact, _STAGE, cause, now) for fact in held]
        HEAD.set(transaction, standing.head)
        BATCHES.set(transaction, ended.batch, standing.batch)
        for envelope in envelopes:
            keep_in_outbox(transaction, envelope, now)
        return standing, envelopes

    done = ports.documents.run(work)
    if done is None:
        return None
    send(done[1], ports.publisher, ports.documents)
    return done[0]


def report_holds(before: Head, after: Head, batch: int) -> list[RunStalled]:
    """Each flow that is held from now on, once. Pure."""
    known = held_flows(before.holds)
    return [_describe_hold(one, batch) for one in after.holds if one.flow not in known]


def _describe_hold(held: Hold, batch: int) -> RunStalled:
    return RunStalled(
        stalled=f"flows/{held.flow}",
        expected="elt.run.succeeded.v1",
        of="workflows/run_elt",
        since=held.since.isoformat(),
        reason=f"{held.flow} is held: its SQL fails without the files of batch {batch} as well ({held.reason}); nothing of it is "
        f"parked, other flows go on, and it is tried again from {held.again_at:%Y-%m-%dT%H:%M:%SZ} on; "
        f"fix the cause, then: ripple resume --flow {held.flow}",
    )
