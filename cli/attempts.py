"""The runs of a batch as the ledger has them: when each attempt began and ended, and what failed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.ledger import Event, read_subject, read_types
from ripple.state.batches import BATCHES

_LONGEST = 300
_ORDINALS = ("first", "second", "third", "fourth", "fifth")
_ENDS = {"elt.run.succeeded.v1": "succeeded", "elt.part.succeeded.v1": "succeeded", "elt.run.failed.v1": "failed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One run of a batch; `part` is its number among those of the batch's incident, 0 for the whole batch. Times are RFC 3339, empty
    where the ledger has none; `failed` is `{action, message}` of what failed first."""

    epoch: int
    started_at: str = ""
    ended_at: str = ""
    state: str = "running"
    reason: str = ""
    failed: Mapping[str, str] | None = None
    part: int = 0
    trial: bool = False

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it runs, or if the ledger has not both ends."""
        if not (self.started_at and self.ended_at):
            return None
        return round((_moment(self.ended_at) - _moment(self.started_at)).total_seconds(), 1)


def read_attempts(environ: Mapping[str, str], number: int) -> list[Attempt]:
    """Oldest first."""
    return list_attempts(read_subject(environ, BATCHES.path(number)))


def read_times(environ: Mapping[str, str]) -> dict[int, dict[str, Any]]:
    """Of each batch: when its newest run began and ended, its seconds, and how many runs it has had."""
    events: dict[int, list[Event]] = {}
    for event in read_types(environ, ("elt.run.started.v1", *_ENDS)):
        if isinstance(event["data"], dict) and "batch" in event["data"]:
            events.setdefault(int(event["data"]["batch"]), []).append(event)
    return {number: describe_times(list_attempts(held)) for number, held in events.items()}


def describe_times(attempts: Sequence[Attempt]) -> dict[str, Any]:
    """Pure."""
    last = attempts[-1] if attempts else Attempt(epoch=0)
    return {
        "started_at": last.started_at or None,
        "ended_at": last.ended_at or None,
        "seconds": last.seconds,
        "attempts": len(attempts),
    }


def list_attempts(events: Sequence[Event]) -> list[Attempt]:
    """Of the events of one batch, an attempt an epoch, oldest first. Pure."""
    found: dict[int, dict[str, Any]] = {}
    for event in events:
        data = event["data"] if isinstance(event["data"], dict) else {}
        if (event["type"] != "elt.run.started.v1" and event["type"] not in _ENDS) or "epoch" not in data:
            continue
        known = found.setdefault(int(data["epoch"]), {})
        known.update(_describe_end(event, data) if event["type"] in _ENDS else _describe_start(event, data))
    return [Attempt(epoch=epoch, **known) for epoch, known in sorted(found.items())]


def _describe_start(event: Event, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"started_at": event["time"], "part": int(data.get("part") or 0), "trial": bool(data.get("trial"))}


def _describe_end(event: Event, data: Mapping[str, Any]) -> dict[str, Any]:
    failed = [one for one in data.get("failed_actions") or () if one.get("action")]
    return {
        "ended_at": event["time"],
        "state": _ENDS[event["type"]],
        "reason": str(data.get("reason") or ""),
        "failed": failed[0] if failed else None,
    }


def describe_attempts(attempts: Sequence[Attempt]) -> str:
    """Which attempt it is, and what the last that failed failed of; empty if none did. Pure."""
    failed = [(place, one) for place, one in enumerate(attempts) if one.state == "failed"]
    if not failed:
        return ""
    place, last = failed[-1]
    what = ", a trial," if last.trial else f", part {last.part}," if last.part else ""
    said = f"the {name_ordinal(place)}{what} failed at {last.ended_at}{_describe_failure(last)}"
    runs = attempts[-1].state == "running"
    return f"{name_ordinal(len(attempts) - 1)} attempt since {attempts[-1].started_at}; {said}" if runs else said


def name_ordinal(place: int) -> str:
    return _ORDINALS[place] if place < len(_ORDINALS) else f"{place + 1}th"


def _describe_failure(attempt: Attempt) -> str:
    if attempt.failed is None:
        return f": {attempt.reason}" if attempt.reason else ""
    return f" in {attempt.failed['action']}: {' '.join(attempt.failed.get('message', 'no message').split())[:_LONGEST]}"


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text.replace("Z", "+00:00"))
