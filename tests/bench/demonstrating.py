"""The demo as users run it: seconds, memory, the model beside the optimum, and what the choreography itself costs."""

from __future__ import annotations

import time
from collections.abc import Iterator

from cli.ledger import read_events
from tests.bench.laptops import Laptop, Watch, laptop
from tests.bench.measuring import Figure
from tests.bench.working import find_work, seconds_of

_LARGE = 100_000


def measure() -> list[Figure]:
    return [*_measure_demo(), *_measure_each_alone(), *_measure_large()]


def _measure_demo() -> Iterator[Figure]:
    watch = Watch()
    with laptop() as made:
        at_rest = made.resident_mib(["laptop/run/packed.py"])
        with watch.on(made):
            result, seconds = _time_demo(made)
        overhead = _measure_overhead(made)
        again = _time_demo(made)[1]
    model, train = result["model"], result["stages"]["train"]
    yield Figure(
        what="`ripple demo`, on a laptop that is up", measured=f"{seconds:.0f} s", bar="120 s", holds=seconds <= 120
    )
    yield Figure(what="`ripple demo` again", measured=f"{again:.1f} s", bar="90 s", holds=again <= 90)
    yield Figure(
        what="memory of the whole laptop during the demo, at its peak",
        measured=f"{watch.most_mib:,.0f} MiB",
        bar="4 GiB",
        holds=watch.most_mib <= 4096,
    )
    yield Figure(
        what="all functions at rest in one process", measured=f"{at_rest:.0f} MiB", bar="250 MB", holds=at_rest <= 238
    )
    yield Figure(what="training on the demo's world", measured=f"{train:.1f} s", bar="15 s", holds=train <= 15)
    yield Figure(
        what="choreography: wall time of the demo in which no stage is at work",
        measured=f"{overhead:.1%}",
        bar="5 %",
        holds=overhead <= 0.05,
    )
    yield _judge(model, "5,000", 0.93)


def _measure_each_alone() -> Iterator[Figure]:
    with laptop("--one-process-each") as made:
        resident = made.resident_mib(["functions_framework"])
    yield Figure(what="all functions at rest in a process each", measured=f"{resident:.0f} MiB")


def _measure_large() -> Iterator[Figure]:
    with laptop() as made:
        result, seconds = _time_demo(made, "--customers", str(_LARGE), "--timeout", "7200")
    rows = sum(flow["rows_in"] for flow in result["flows"].values())
    yield Figure(what=f"`ripple demo --customers {_LARGE}`, {rows:,} rows", measured=f"{seconds:.0f} s")
    yield _judge(result["model"], f"{_LARGE:,}", 0.985)


def _time_demo(made: Laptop, *options: str) -> tuple[dict, float]:  # type: ignore[type-arg]
    begun = time.perf_counter()
    result = made.ripple("demo", *options)
    return result, time.perf_counter() - begun


def _measure_overhead(made: Laptop) -> float:
    """Share of the time from the first fact to the last in which nothing is at work."""
    environ = made.point_here()
    times = [event["published_at"].timestamp() for event in read_events(environ, 100_000)]
    window = min(times), max(times)
    return 1 - seconds_of(find_work(environ, made.state), window) / (window[1] - window[0])


def _judge(model: dict, customers: str, bar: float) -> Figure:  # type: ignore[type-arg]
    return Figure(
        what=f"efficiency of the model with {customers} customers",
        measured=f"{model['efficiency']:.4f}: AUC {model['auc']:.4f}",
        rival=f"Bayes optimum {model['auc_bayes']:.4f}, recency alone {model['auc_recency']:.4f}",
        bar=str(bar),
        holds=model["efficiency"] >= bar,
    )
