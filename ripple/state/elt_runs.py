"""The state machine of ELT runs: many files, one run, nothing lost. Pure: it reads and writes records, never a store.

The rule on both sides is *record, then check*: the lander records a file and then looks at the head; the finisher frees
the head and then looks for unclaimed files. Whoever is later sees the other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ripple.state.caps import HOUR, note_start, rests_until
from ripple.state.head import EltRun, Head, TrialFile
from ripple.state.holds import due_flows, held_flows
from ripple.state.incidents import Incident, Step, find_step


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What the head decided to run: a new batch (`is_new`), one that is replayed, or a step of an incident; and the head after that."""

    head: Head
    run: EltRun
    is_new: bool = False
    step: Step | None = None


def may_claim(head: Head, now: dt.datetime, runs_per_hour: int) -> bool:
    """Whether a run may start now: none is live, and the hour allows another; 0 runs an hour is no cap."""
    return head.run is None and rests_until(head.starts, runs_per_hour, HOUR, now) is None


def describe_rest(head: Head, now: dt.datetime) -> str:
    """Why no run starts at `now` and when the next may, by the cap that the last start knew; empty if none holds it."""
    moment = rests_until(head.starts, head.starts.most, HOUR, now)
    if moment is None:
        return ""
    return f"the hour has had its {head.starts.most} ELT runs; the next may start at {moment:%Y-%m-%dT%H:%M:%SZ}"


def count_fitting(sizes: Sequence[int], most_bytes: int) -> int:
    """How many of the waiting files, in their order, a batch takes: a file that is larger than `most_bytes` goes alone."""
    total = 0
    for number, size in enumerate(sizes):
        total += size
        if number and total > most_bytes:
            return number
    return len(sizes)


def claim_next(
    head: Head, waits: bool, now: dt.datetime, lease: dt.timedelta, cause: str, runs_per_hour: int
) -> Claim | None:
    """Take the head for a replay if one is asked for, else for the files if any waits; None if it may not, or all is done."""
    if not may_claim(head, now, runs_per_hour) or not (head.replays or waits):
        return None
    is_new = not head.replays
    batch = head.next if is_new else head.replays[0]
    run = EltRun(batch=batch, epoch=head.epoch + 1, lease_until=now + lease, cause=cause, decided_at=now)
    after = replace(
        head,
        run=run,
        epoch=run.epoch,
        next=head.next + 1 if is_new else head.next,
        replays=head.replays[1:],
        starts=note_start(head.starts, runs_per_hour, now),
    )
    return Claim(head=after, run=run, is_new=is_new)


def find_next_step(head: Head, open_ones: Mapping[int, Incident], now: dt.datetime) -> tuple[int, Step] | None:
    """The first incident with something to run, by its batch, and what that is; None if all wait for held flows."""
    held, due = held_flows(head.holds), due_flows(head.holds, now)
    steps = ((batch, find_step(open_ones[batch], held, due)) for batch in head.incidents if batch in open_ones)
    return next(((batch, step) for batch, step in steps if step is not None), None)


def claim_step(
    head: Head, batch: int, step: Step, number: int, now: dt.datetime, lease: dt.timedelta, cause: str
) -> Claim:
    """Take the head for the next run of an incident; `number` is its place among them. It does not count in the hour."""
    run = EltRun(
        batch=batch,
        epoch=head.epoch + 1,
        lease_until=now + lease,
        cause=cause,
        decided_at=now,
        part=number,
        takes=step.takes,
        is_trial=step.is_trial,
        is_last=step.is_last,
    )
    return Claim(head=replace(head, run=run, epoch=run.epoch), run=run, step=step)


def is_live(head: Head, batch: int, epoch: int) -> bool:
    """Whether a finisher of `batch` and `epoch` means the live run; a zombie or a second delivery does not."""
    return head.run is not None and head.run.batch == batch and head.run.epoch == epoch


def free(head: Head) -> Head:
    return replace(head, run=None)


def retry(
    head: Head, now: dt.datetime, lease: dt.timedelta, cause: str, runs_per_hour: int, began: bool = True
) -> Head:
    """The live run again under a new epoch. It counts in its hour, and waits for none: attempts are few.

    `began`: whether an execution may have begun for the epoch before it; if none has, its start counts for this one.
    """
    assert head.run is not None
    run = replace(head.run, epoch=head.epoch + 1, lease_until=now + lease, cause=cause, decided_at=now)
    starts = note_start(head.starts, runs_per_hour, now) if began and run.takes is None else head.starts
    return replace(head, run=run, epoch=run.epoch, starts=starts)


def ask_again(head: Head, batch: int) -> Head:
    """Queue a replay; asked twice it runs once, and a batch that never was is not queued."""
    waits = batch in head.replays or batch in head.incidents
    if not 1 <= batch < head.next or waits or (head.run and head.run.batch == batch):
        return head
    return replace(head, replays=(*head.replays, batch))


def note_incident(head: Head, batch: int) -> Head:
    """The batch is among those with an incident."""
    return head if batch in head.incidents else replace(head, incidents=(*head.incidents, batch))


def end_incident(head: Head, batch: int) -> Head:
    return replace(head, incidents=tuple(one for one in head.incidents if one != batch))


def keep_trial_files(head: Head, published: Sequence[TrialFile]) -> Head:
    """The files of the newest run that published some are those by which their flows' SQL is tried."""
    flows = {one.flow for one in published}
    return replace(head, trial_files=(*(one for one in head.trial_files if one.flow not in flows), *published))
