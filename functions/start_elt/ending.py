"""What the end of a run makes of its batch and of the head: done, again, or an incident whose parts run next. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from ripple.state.batches import BatchRecord
from ripple.state.elt_runs import end_incident, free, keep_trial_files, note_incident, retry
from ripple.state.failures import Failure, read_failure
from ripple.state.head import EltRun, Head
from ripple.state.holds import hold, release
from ripple.state.incidents import (
    Incident,
    close_gap,
    fail_part,
    fail_trial,
    give_back,
    is_over,
    open_incident,
    pass_part,
    pass_trial,
)
from ripple.state.parts import Members, Part
from ripple.wire.events import EltPartSucceeded, EltRunFailed, EltRunSucceeded

Ended = EltRunSucceeded | EltPartSucceeded | EltRunFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a decision knows beside the records: when it is made, because of what, and the limits of runs."""

    now: dt.datetime
    cause: str
    lease: dt.timedelta
    attempts: int
    runs_per_hour: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Head and batch after the end of a run. The head keeps the run while files of the batch are leaving, and if it runs again."""

    head: Head
    batch: BatchRecord
    again: bool = False


def needs_members(batch: BatchRecord, ended: Ended) -> bool:
    """Whether the decision looks at which files the batch has."""
    if isinstance(ended, EltRunFailed):
        return not read_failure(ended).passes
    return batch.incident is not None


def note_end(head: Head, batch: BatchRecord, ended: Ended, members: Members, terms: Terms) -> Standing:
    """Decide once; where files are to leave the batch first, `settle` decides the rest when they have left."""
    run = head.run
    assert run is not None
    standing = (
        _fail(head, batch, run, ended, members, terms)
        if isinstance(ended, EltRunFailed)
        else _pass(head, batch, run, members)
    )
    incident = standing.batch.incident
    if standing.again or (incident is not None and incident.leaving):
        return standing
    return settle(standing.head, standing.batch, ended, 0)


def settle(head: Head, batch: BatchRecord, ended: Ended, left: int) -> Standing:
    """`left` files have left the batch. It is done after its last run, parked if it was done before, or waits for its next run."""
    incident, run = batch.incident, head.run
    assert run is not None
    batch = replace(batch, parked=batch.parked + left)
    if isinstance(ended, EltRunSucceeded):
        done = replace(
            batch,
            state="done",
            incident=None,
            attempts=0,
            dataset_version=ended.dataset_version,
            snapshot_uri=ended.snapshot_uri,
            succeeded=ended,
        )
        return Standing(head=end_incident(free(head), run.batch), batch=done)
    if incident is None:
        return Standing(head=free(head), batch=replace(batch, state="parked"))
    incident = replace(incident, leaving=(), parked=incident.parked + left)
    # What was thought to be cut further was not: a run more says that the batch is done.
    incident = close_gap(incident, Part(flows=batch.flows)) if is_over(incident) else incident
    waiting = replace(batch, state="split", execution="", incident=incident)
    return Standing(head=note_incident(free(head), run.batch), batch=waiting)


def _pass(head: Head, batch: BatchRecord, run: EltRun, members: Members) -> Standing:
    flows = run.takes.flows if run.takes else batch.flows
    head = replace(head, holds=release(head.holds, flows))
    if not run.is_trial:
        head = keep_trial_files(head, batch.smallest)
    incident = batch.incident
    if incident is not None and run.takes is not None:
        incident = pass_trial(incident, run.takes, members) if run.is_trial else pass_part(incident, run.takes)
    return Standing(head=head, batch=replace(batch, incident=incident, attempts=0))


def _fail(head: Head, batch: BatchRecord, run: EltRun, ended: EltRunFailed, members: Members, terms: Terms) -> Standing:
    failure = read_failure(ended)
    # No execution began before its files were listed: counted, it would be given up with a list that a later batch takes.
    attempts = batch.attempts + (1 if batch.listed else 0)
    failed = replace(batch, attempts=attempts, reason=ended.reason)
    was_done = batch.succeeded is not None and batch.incident is None
    if (failure.passes or was_done) and attempts < terms.attempts:
        return _again(head, failed, batch.listed, terms)
    if was_done:
        return Standing(head=head, batch=failed)
    incident = batch.incident or open_incident(batch.flows, batch.files)
    if failure.passes:
        return _wait(head, failed, run, incident, failure, terms)
    return _blame(head, failed, run, incident, failure, members, terms)


def _again(head: Head, batch: BatchRecord, began: bool, terms: Terms) -> Standing:
    head = retry(head, terms.now, terms.lease, terms.cause, terms.runs_per_hour, began)
    assert head.run is not None
    return Standing(head=head, batch=replace(batch, state="claimed", execution="", epoch=head.run.epoch), again=True)


def _wait(head: Head, batch: BatchRecord, run: EltRun, incident: Incident, failure: Failure, terms: Terms) -> Standing:
    """What passes has not passed: the flows of the run wait for it, and nothing is decided of their files."""
    flows = run.takes.flows if run.takes else batch.flows
    trials = incident.trials[1:] if run.is_trial else incident.trials
    incident = give_back(replace(incident, trials=trials, action=failure.action, message=failure.message), flows)
    return _hold(head, replace(batch, incident=incident), flows, failure, terms)


def _blame(
    head: Head, batch: BatchRecord, run: EltRun, incident: Incident, failure: Failure, members: Members, terms: Terms
) -> Standing:
    if run.is_trial and run.takes is not None:
        incident, flows = fail_trial(incident, run.takes, failure, members)
        return _hold(head, replace(batch, incident=incident), flows, failure, terms)
    part = run.takes or incident.queue[0]
    ran = Part(flows=tuple(sorted({*batch.ran, *part.flows} - {one.flow for one in head.holds})))
    incident = fail_part(incident, part, ran, failure, members)
    return Standing(head=head, batch=replace(batch, incident=incident, attempts=0))


def _hold(head: Head, batch: BatchRecord, flows: tuple[str, ...], failure: Failure, terms: Terms) -> Standing:
    reason = f"{failure.action}: {failure.message}" if failure.action else failure.message
    holds = head.holds
    for flow in flows:
        holds = hold(holds, flow, reason, terms.now)
    return Standing(head=replace(head, holds=holds), batch=replace(batch, attempts=0))
