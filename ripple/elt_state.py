"""The state machine of ELT runs: many files, one run, nothing lost. Pure: it reads and writes records, never a store.

The rule on both sides is *record, then check*: the lander records a file and then looks at the head; the finisher frees
the head and then looks for unclaimed files. Whoever is later sees the other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The one live run. `epoch` fences zombies; `execution` is empty until Workflows said it; `cause` began it."""

    batch: int
    epoch: int
    lease_until: dt.datetime
    cause: str
    execution: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """`elt/head`: the live run or none, the last epoch given, the next batch number, the batches to run again."""

    run: Run | None = None
    epoch: int = 0
    next: int = 1
    replays: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What the head decided to run: a new batch (`is_new`) or one that stands already, and the head after that."""

    head: Head
    run: Run
    is_new: bool


def read_head(document: Mapping[str, Any] | None) -> Head:
    """The head from its document; a store without one is a store where nothing ran."""
    if not document:
        return Head()
    run = Run(**document["run"]) if document.get("run") else None
    return Head(run=run, epoch=document["epoch"], next=document["next"], replays=tuple(document["replays"]))


def write_head(head: Head) -> dict[str, Any]:
    document = asdict(head)
    document["replays"] = list(head.replays)
    return document


def claim_next(head: Head, waiting: int, now: dt.datetime, lease: dt.timedelta, cause: str) -> Claim | None:
    """Take the head for a replay if one is asked for, else for the waiting files; None if it is taken or all is done."""
    if head.run is not None or not (head.replays or waiting):
        return None
    is_new = not head.replays
    batch = head.next if is_new else head.replays[0]
    run = Run(batch=batch, epoch=head.epoch + 1, lease_until=now + lease, cause=cause)
    after = Head(
        run=run,
        epoch=run.epoch,
        next=head.next + 1 if is_new else head.next,
        replays=head.replays[1:],
    )
    return Claim(head=after, run=run, is_new=is_new)


def is_live(head: Head, batch: int, epoch: int) -> bool:
    """Whether a finisher of `batch` and `epoch` speaks of the live run; a zombie or a second telling does not."""
    return head.run is not None and head.run.batch == batch and head.run.epoch == epoch


def free(head: Head) -> Head:
    return replace(head, run=None)


def retry(head: Head, now: dt.datetime, lease: dt.timedelta, cause: str) -> Head:
    """The live batch again under a new epoch."""
    assert head.run is not None
    run = Run(batch=head.run.batch, epoch=head.epoch + 1, lease_until=now + lease, cause=cause)
    return replace(head, run=run, epoch=run.epoch)


def ask_again(head: Head, batch: int) -> Head:
    """Queue a replay; asked twice it runs once, and a batch that never was is not queued."""
    if not 1 <= batch < head.next or batch in head.replays or (head.run and head.run.batch == batch):
        return head
    return replace(head, replays=(*head.replays, batch))
