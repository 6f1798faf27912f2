"""An ELT run that adds a day to a hundred, beside one that adds the same day to one."""

from __future__ import annotations

import datetime as dt
import time

from cli.ledger import Event, read_events
from cli.ticking import publish_tick
from cli.tracing import list_runs
from ripple.flows import list_generated
from tests.bench.laptops import Laptop, laptop
from tests.bench.measuring import Figure

_DAY = dt.date(2026, 9, 1)
_WORLD = {"customers": 5000, "startups": 500, "seed": 7, "dirt": 0.02, "world-from": "2025-11-01"}


def measure() -> list[Figure]:
    short, long = _time_added_day(days=1), _time_added_day(days=100)
    return [
        Figure(
            what="an ELT run that adds one day to 100 days of history",
            measured=f"{long:.1f} s, {long / short:.2f} times the other",
            rival=f"the same day added to one day: {short:.1f} s",
            bar="1.3 times",
            holds=long <= 1.3 * short,
        )
    ]


def _time_added_day(days: int) -> float:
    """Seconds of the run that adds the day, from its start to its success."""
    with laptop() as made:
        environ = made.point_here()
        for start, end in ((_DAY - dt.timedelta(days=days), _DAY), (_DAY, _DAY + dt.timedelta(days=1))):
            window = {"from": start.isoformat(), "to": end.isoformat(), "scheduled_at": f"{end}T00:00:00+00:00"}
            publish_tick(environ, window | {"flows": list(list_generated()), "arguments": _WORLD})
            _wait_for_silver(made, environ, end)
        events = read_events(environ, 100_000)
        begun, ended = (_find_last(events, f"elt.run.{what}.v1") for what in ("started", "succeeded"))
        return float((ended - begun).total_seconds())


def _find_last(events: list[Event], kind: str) -> dt.datetime:
    """When the newest run's fact was published."""
    last = max((event for event in events if event["type"] == kind), key=lambda event: int(event["data"]["batch"]))
    moment: dt.datetime = last["published_at"]
    return moment


def _wait_for_silver(made: Laptop, environ: dict[str, str], end: dt.date) -> None:
    """Return when the slice up to `end` is in gold, and nothing is under way."""
    wanted = f"SELECT COUNT(*) AS days FROM gold.fct_sales WHERE order_date = '{end - dt.timedelta(days=1)}'"
    until = time.monotonic() + 600
    while time.monotonic() < until:
        runs = list_runs(environ)
        if runs and all(run["state"] == "done" for run in runs) and made.ripple("sql", wanted)["rows"][0]["days"]:
            return
        time.sleep(0.5)
    raise TimeoutError(f"the slice up to {end} did not arrive")
