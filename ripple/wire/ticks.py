"""Read a tick: the same JSON whether Cloud Scheduler, the CLI or a person published it. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ripple.deployment.generator_options import OPTIONS, find_misfit
from ripple.errors import PermanentError
from ripple.flows import list_exported, list_flows, list_generated
from ripple.rows.timestamps import read_day, read_moment
from ripple.wire.known_keys import check_keys

_KEYS = ("flows", "from", "to", "scheduled_at", "generate", "arguments")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A tick that makes sense: the window `[start, end)` of world time, and the words that each generator job gets."""

    flows: tuple[str, ...]
    start: dt.date
    end: dt.date
    scheduled_at: str
    generate: bool
    arguments: tuple[str, ...]


def read_tick(body: Mapping[str, Any], published_on: dt.date) -> Tick:
    """The tick in a command's body; PermanentError says what is unknown, missing or wrong.

    Its id is its scheduled time; the Scheduler's message says none, so its window counts. Never the time of publishing: the
    Scheduler fires twice now and then, minutes apart.
    """
    check_keys(body, _KEYS, "tick_malformed", "the tick")
    generate = body.get("generate", True)
    if not isinstance(generate, bool):
        raise _malformed(f"generate is true or false, not {generate!r:.80}")
    start, end = _window(body, published_on)
    return Tick(
        flows=_flows(body, generate),
        start=start,
        end=end,
        scheduled_at=_scheduled_at(body.get("scheduled_at"), end),
        generate=generate,
        arguments=_arguments(body.get("arguments", {}), generate),
    )


def _flows(body: Mapping[str, Any], generate: bool) -> tuple[str, ...]:
    """The flows that the tick names, or all that it may: those with a generator, or where it generates nothing a live source."""
    may = list_generated() if generate else list_exported()
    flows = body.get("flows", list(may))
    if not isinstance(flows, list) or not flows or not all(flow in list_flows() for flow in flows):
        raise _malformed(f"flows {flows!r:.200} are not among {', '.join(list_flows())}")
    others = ", ".join(flow for flow in flows if flow not in may)
    if others:
        lacks = "no generator to start: drop files of it" if generate else "no live source: leave generate out"
        raise _malformed(f"{others:.200}: {lacks}. This tick may name {', '.join(may)}")
    return tuple(flows)


def _scheduled_at(given: object, end: dt.date) -> str:
    if given is None:
        return f"{end}T00:00:00+00:00"
    try:
        read_moment(given)
    except ValueError as error:
        raise _malformed(f"scheduled_at: {error}") from None
    return str(given)


def _window(body: Mapping[str, Any], today: dt.date) -> tuple[dt.date, dt.date]:
    """The tick's `from` and `to`, or the day before it fired."""
    try:
        end = read_day(body["to"]) if "to" in body else today
        start = read_day(body["from"]) if "from" in body else end - dt.timedelta(days=1)
    except (ValueError, OverflowError) as error:
        raise _malformed(f"from and to are dates as YYYY-MM-DD: {error}") from None
    if start >= end:
        raise _malformed(f"the window from {start} to {end} is empty")
    return start, end


def _arguments(given: object, generate: bool) -> tuple[str, ...]:
    """Generator options, `{"customers": 5000}` as `("--customers", "5000")`, in name order."""
    if not isinstance(given, Mapping):
        raise _malformed("arguments are an object of options, each a short string or a number")
    if given and not generate:
        raise _malformed("no generator reads arguments where generate is false: leave them out")
    check_keys(given, OPTIONS, "tick_malformed", "arguments of the tick")
    wrong = [f"{name} takes {says}" for name, value in given.items() if (says := find_misfit(name, value))]
    if wrong:
        raise _malformed("; ".join(wrong))
    return tuple(word for name in sorted(given) for word in (f"--{name}", str(given[name])))


def _malformed(reason: str) -> PermanentError:
    return PermanentError("tick_malformed", reason)
