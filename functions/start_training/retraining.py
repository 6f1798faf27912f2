"""Which attempt a training replay means: decided once, in a transaction, so that replays side by side train once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from ripple.errors import PermanentError
from ripple.events import EltRunSucceeded
from ripple.ports import Document, DocumentStore, Transaction
from ripple.stating import Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A run's dataset and the number under which it is trained on."""

    run: EltRunSucceeded
    number: int


def claim_attempt(
    batch: int, replay: str, name_job: Callable[[Attempt], str], cause: Cause, documents: DocumentStore
) -> Attempt:
    """The attempt of a replay. It joins a job that is under way; a second telling gets the same attempt again."""

    def work(transaction: Transaction, _now: dt.datetime) -> Attempt:
        path = f"trainings/{batch}"
        record = transaction.get(path)
        if record is None:
            raise PermanentError("batch_unknown", f"no ELT run of batch {batch} has succeeded", "see `ripple runs`")
        attempt = Attempt(run=EltRunSucceeded.from_data(record["run"]), number=choose_attempt(record, replay))
        fields = {"replays": record.get("replays", {}) | {replay: attempt.number}}
        if attempt.number > int(record["attempts"]) or not record["train"]:
            fields |= {"attempts": attempt.number, "train": True, "superseded": False, "reason": f"replay {replay}"}
            fields |= {"job": name_job(attempt), "submitted_at": cause.time, "ended": False}
        transaction.update(path, fields)
        return attempt

    return documents.run(work)


def choose_attempt(record: Document, replay: str) -> int:
    """Pure. The replay's own attempt if it has one, the one under way if one is, else the next."""
    asked: dict[str, int] = record.get("replays", {})
    if replay in asked:
        return asked[replay]
    attempts = int(record["attempts"])
    return attempts if is_under_way(record) else attempts + 1


def is_under_way(record: Document) -> bool:
    """Whether a job was submitted for the dataset and nobody has said how it ended."""
    return bool(record["train"]) and not record.get("ended", True)
