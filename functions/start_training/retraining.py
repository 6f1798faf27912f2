"""Which attempt a training replay means: decided once, in a transaction, so that replays side by side train once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from ripple.errors import PermanentError
from ripple.events import EltRunSucceeded
from ripple.ports import Document, DocumentStore, Transaction
from ripple.stating import Cause

_REMEMBERED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A run's dataset and the number under which it is trained on."""

    run: EltRunSucceeded
    number: int


def claim_attempt(
    batch: int, replay: str, name_job: Callable[[Attempt], str], cause: Cause, documents: DocumentStore
) -> Attempt:
    """The attempt of a replay. It joins a job that is under way; a second telling of it starts none."""

    def work(transaction: Transaction, _now: dt.datetime) -> Attempt:
        path = f"trainings/{batch}"
        record = transaction.get(path)
        if record is None:
            raise PermanentError("batch_unknown", f"no ELT run of batch {batch} has succeeded", "see `ripple runs`")
        run, attempts, asked = (
            EltRunSucceeded.from_data(record["run"]),
            int(record["attempts"]),
            record.get("replays", ()),
        )
        current = Attempt(run=run, number=attempts)
        if replay in asked:
            return current
        fields: Document = {"replays": [*asked, replay][-_REMEMBERED:]}
        if is_under_way(record):
            transaction.update(path, fields)
            return current
        following = Attempt(run=run, number=attempts + 1)
        fields |= {"attempts": following.number, "train": True, "superseded": False, "reason": f"replay {replay}"}
        fields |= {"job": name_job(following), "submitted_at": cause.time, "ended": False}
        transaction.update(path, fields)
        return following

    return documents.run(work)


def is_under_way(record: Document) -> bool:
    """Whether a job was submitted for the dataset and nobody has said how it ended."""
    return bool(record["train"]) and not record.get("ended", True)
