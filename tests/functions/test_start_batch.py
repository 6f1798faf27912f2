"""A tick starts each flow's generator once, however often it fires."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from functions.start_batch.stage import job_words, plan_batches, react
from generators.job import read_job
from generators.world import World
from ripple.deployment.generator_options import OPTIONS
from ripple.deployment.parts import Tick, list_ticks
from ripple.errors import PermanentError
from ripple.handling.shell import Command
from ripple.wire.events import BatchRunStarted, SalesExportRequested
from tests.functions.fakes import NOW, CrashError, FakeEdge, cause


def tick(published_at: dt.datetime = NOW, **body: Any) -> Command:
    return Command(body=body, attributes={"kind": "batch"}, published_at=published_at)


def fire(edge: FakeEdge, command: Command, message: str = "m-1") -> None:
    react(command, cause(message), edge)


def test_a_bare_tick_starts_every_flow_for_the_day_before() -> None:
    edge = FakeEdge()
    fire(edge, tick())
    assert [job for job, _ in edge.generator_jobs.runs] == [
        "generate-clickstream",
        "generate-sales",
        "generate-startups",
    ]
    facts = edge.publisher.facts(BatchRunStarted)
    assert {(fact.window_from, fact.window_to) for fact in facts} == {("2026-02-28", "2026-03-01")}
    assert [envelope.correlation_id for envelope in edge.publisher.sent] == [fact.batch_id for fact in facts]


def test_a_tick_that_fires_twice_in_its_minute_acts_once() -> None:
    edge = FakeEdge()
    fire(edge, tick(NOW), "m-1")
    fire(edge, tick(NOW + dt.timedelta(seconds=40)), "m-2")
    assert len(edge.generator_jobs.runs) == 3
    first, second = edge.publisher.facts()[:3], edge.publisher.facts()[3:]
    assert first == second


def test_another_window_or_argument_is_another_batch() -> None:
    ticks = (tick(), tick(to="2026-03-02"), tick(arguments={"customers": 5}), tick(scheduled_at="2026-03-01T00:00:00Z"))
    assert len({batch.batch_id for command in ticks for batch in plan_batches(command)}) == 12


def test_arguments_reach_the_job_in_name_order() -> None:
    edge = FakeEdge()
    fire(edge, tick(flows=["sales"], arguments={"seed": 7, "customers": 5000}))
    ((_, words),) = edge.generator_jobs.runs
    assert words[-4:] == ("--customers", "5000", "--seed", "7")
    assert words[:4] == ("--from", "2026-02-28", "--to", "2026-03-01")


def test_a_tick_that_generates_nothing_asks_for_an_export() -> None:
    edge = FakeEdge()
    fire(edge, tick(flows=["sales"], generate=False))
    assert edge.generator_jobs.runs == []
    (asked,) = edge.publisher.facts(SalesExportRequested)
    assert (asked.changed_from, asked.changed_to) == ("2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z")


def test_a_bare_tick_that_generates_nothing_asks_for_one_export() -> None:
    (batch,) = plan_batches(tick(generate=False))
    assert (batch.flow, batch.generate) == ("sales", False)


def test_a_crash_before_the_execution_is_noted_runs_the_job_again_under_the_same_batch() -> None:
    edge = FakeEdge()
    edge.documents.dies_before.append("update")
    with pytest.raises(CrashError):
        fire(edge, tick(flows=["sales"]))
    fire(edge, tick(flows=["sales"]))
    first, second = edge.generator_jobs.runs
    assert first == second


@pytest.mark.parametrize(
    "body",
    [
        {"flows": []},
        {"flows": "sales"},
        {"flows": ["parcels"]},
        {"flows": [["sales"]]},
        {"flows": [{}]},
        {"flows": ["sales", "startups"], "generate": False},
        {"generate": "no"},
        {"from": "2026-03-01", "to": "2026-03-01"},
        {"from": "2026-03-02", "to": "2026-03-01"},
        {"from": "yesterday"},
        {"to": 20260301},
        {"to": None},
        {"to": "0001-01-01"},
        {"arguments": ["--seed", "7"]},
        {"arguments": {"seed": None}},
        {"arguments": {"seed": [7]}},
        {"arguments": {"seed": True}},
        {"arguments": {"customer": 5}},
        {"arguments": {"customers": "many"}},
        {"arguments": {"dirt": "NaN"}},
        {"arguments": {"world-from": "2025-13-01"}},
        {"arguments": {"out": "/tmp/elsewhere"}},
        {"arguments": {"seed": 7}, "generate": False},
        {"flow": ["sales"]},
        {"batch": 3},
    ],
)
def test_a_bad_tick_is_refused_before_anything_runs(body: dict[str, Any]) -> None:
    edge = FakeEdge()
    with pytest.raises(PermanentError, match="tick_malformed"):
        fire(edge, tick(**body))
    assert (edge.generator_jobs.runs, edge.documents.held) == ([], {})


def test_an_option_that_no_generator_has_is_refused_with_the_nearest() -> None:
    with pytest.raises(PermanentError, match=r"'customer' \(did you mean 'customers'\?\); known are customers, "):
        plan_batches(tick(arguments={"customer": 5}))


@pytest.mark.parametrize("planned", list_ticks(), ids=lambda planned: planned.name)
def test_what_the_schedule_publishes_is_read(planned: Tick) -> None:
    if planned.kind == "batch":
        assert plan_batches(Command(body=planned.body, attributes={}, published_at=NOW))
    else:
        assert planned.body == {}


def test_the_options_of_a_tick_are_options_of_the_job() -> None:
    given = {"customers": 5, "startups": 6, "seed": 7, "dirt": 0.1, "world-from": "2026-01-01"}
    (batch,) = plan_batches(tick(flows=["sales"], arguments=given | {"firestore-ops-per-second": 9}))
    assert {word.removeprefix("--") for word in batch.arguments[::2]} == OPTIONS.keys()
    job = read_job("sales", ["--project", "p", *job_words(batch)], {})
    assert (job.world, job.ops_per_second) == (
        World(customers=5, startups=6, seed=7, dirt=0.1, since=dt.date(2026, 1, 1)),
        9,
    )


def test_a_fact_bears_the_time_at_which_it_was_decided_also_when_it_is_stated_again() -> None:
    edge = FakeEdge()
    late = cause("m-1", NOW - dt.timedelta(hours=1))
    for _ in range(2):
        react(tick(flows=["sales"]), late, edge)
        edge.documents.clock = lambda: NOW + dt.timedelta(minutes=5)
    assert [envelope.time for envelope in edge.publisher.sent] == [NOW, NOW]


def test_a_fact_is_no_tick() -> None:
    fact = SalesExportRequested(batch_id="b", changed_from="a", changed_to="b")
    with pytest.raises(PermanentError, match="command_malformed"):
        react(fact, cause(), FakeEdge())
