"""Rows that keep to their contract and that a statement of silver or gold does not take: their files alone are parked."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from cli.explaining import explain
from cli.ledger import read_types
from cli.replaying import publish_replay
from cli.tracing import list_runs, trace_object
from ripple.state.files import PARKED
from tests.choreography.poison.cases import Step, encode, make_row
from tests.choreography.poison.lake import PoisonedLake
from tests.choreography.test_replays import commit
from tests.choreography.worlds import ROOT, World, clients_of, ripple

pytestmark = pytest.mark.timeout(900)
DAY = dt.date(2026, 2, 1)
SESSIONS = "definitions/gold/fct_sessions.sqlx"
OF_GOLD = ("poison-1", "poison-2")
"""Sessions that gold's statement, as it is changed here, adds up beyond an INT64."""
OF_SILVER = "overflow"
"""An order whose line is worth more than an INT64 holds, though quantity and price are in their bounds."""
LINE = {"sku": "a", "category": "books", "quantity": 1_000_000, "unit_price_cents": 9_000_000_000_000_000}


def put(lake: PoisonedLake, flow: str, name: str, rows: int = 2, **changes: object) -> None:
    """A file of a flow with so many rows, of the clickstream in one session."""
    changes |= {"session_id": name} if flow == "clickstream" else {}
    made = [make_row(flow, f"{name}-{number}", DAY, changes) for number in range(rows)]
    suffix = "parquet" if flow == "sales" else "jsonl"
    lake.act(Step(name=f"{flow}/dt={DAY}/{name}.{suffix}", data=encode(made, flow, "")))


def put_beside_poison(lake: PoisonedLake) -> None:
    for number in range(3):
        put(lake, "clickstream", f"beside-{number}")
    for name in OF_GOLD:
        put(lake, "clickstream", name, 3)
    put(lake, "startups", "beside")
    put(lake, "sales", "beside", 1)
    put(lake, "sales", OF_SILVER, 1, items=[LINE], item_count=1)


POISON = {f"clickstream/dt={DAY}/{name}.jsonl": "gold.fct_sessions" for name in OF_GOLD} | {
    f"sales/dt={DAY}/{OF_SILVER}.parquet": "silver.orders"
}
"""The statement that fails, by the file that it fails of."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    state = tmp_path_factory.mktemp("poisoned-sql")
    try:
        ripple(state, "up", "--detach")
        yield World(state, {})
    finally:
        ripple(state, "down")


@pytest.fixture(scope="module")
def lake(world: World) -> Iterator[PoisonedLake]:
    """Innocent files first, then poison among others, then innocents again."""
    text = (ROOT / "dataform" / SESSIONS).read_text()
    added = "SUM(dwell_ms + IF(STARTS_WITH(session_id, 'poison'), 9223372036854775807, 0))"
    overflowing = text.replace("SUM(dwell_ms)", added)
    assert overflowing != text
    commit(world, {SESSIONS: overflowing})
    with clients_of(world.state) as clients:
        lake = PoisonedLake(clients)
        for flow in ("clickstream", "startups"):
            put(lake, flow, "before")
        lake.end_round()
        put_beside_poison(lake)
        lake.end_round()
        put(lake, "clickstream", "after")
        lake.end_round()
        yield lake


def test_every_batch_is_done(lake: PoisonedLake) -> None:
    assert {number: batch.state for number, batch in lake.batches().items()} == dict.fromkeys(lake.batches(), "done")
    assert sum(batch.parked for batch in lake.batches().values()) == len(POISON)


def test_the_neighbours_are_in_gold_and_nothing_of_the_poison_is(lake: PoisonedLake) -> None:
    sessions = [row["session_id"] for row in lake.rows("SELECT session_id FROM gold.fct_sessions ORDER BY session_id")]
    assert sessions == ["after", "before", *(f"beside-{number}" for number in range(3))]
    assert (
        lake.rows("SELECT event_id FROM silver.clickstream_events_versions WHERE STARTS_WITH(session_id, 'poison')")
        == []
    )
    assert lake.rows("SELECT uri FROM ops.batch_files WHERE REGEXP_CONTAINS(uri, 'poison|overflow')") == []
    assert lake.rows("SELECT order_id FROM gold.fct_sales") == [{"order_id": "beside-0"}]


@pytest.mark.parametrize(("name", "action"), POISON.items())
def test_a_parked_file_says_which_statement_fails_of_it(name: str, action: str, lake: PoisonedLake) -> None:
    file = lake.file(name)
    assert file.batch == PARKED
    assert file.parking is not None
    assert (file.parking.action, file.parking.files) == (action, 1)
    assert not re.search(r"\d{4}", file.parking.message)
    trace = trace_object(lake.clients.environ, file.uri)
    assert (trace["state"], trace["parked_from"]) == ("parked", file.parking.batch)
    said = explain(lake.clients.environ, str(file.parking.batch))
    assert f"parked: {file.uri} ({action}: " in said
    assert said.endswith(f"next: fix the cause, then: ripple replay --batch {file.parking.batch}")
    assert f"{file.uri} is parked ({action}: " in explain(lake.clients.environ, file.uri)


def test_each_batch_is_stated_to_have_succeeded_once_and_its_parked_files_are_named(lake: PoisonedLake) -> None:
    ended = Counter(event["subject"] for event in read_types(lake.clients.environ, ("elt.run.succeeded.v1",)))
    assert ended == {f"batches/{number}": 1 for number in lake.batches()}
    parked = [event["data"]["parked"] for event in read_types(lake.clients.environ, ("bronze.objects.parked.v1",))]
    named = {f"{lake.file(name).uri}#{lake.file(name).generation}" for name in POISON}
    assert {name for names in parked for name in names} == named
    (run,) = (run for run in list_runs(lake.clients.environ) if run["parked"])
    assert (run["state"], run["parked"], run["held"]) == ("done", len(POISON), [])


def test_a_parked_file_that_is_replayed_is_published_once_its_cause_is_gone(world: World, lake: PoisonedLake) -> None:
    commit(world, {SESSIONS: (ROOT / "dataform" / SESSIONS).read_text()})
    name = next(iter(POISON))
    publish_replay(lake.clients.environ, {"kind": "object", "objects": [lake.file(name).uri]})
    until = time.monotonic() + 120
    while lake.file(name).batch == PARKED:
        assert time.monotonic() < until
        time.sleep(0.2)
    lake.await_quiet()
    assert lake.batches()[str(lake.file(name).batch)].state == "done"
    assert lake.rows("SELECT session_id FROM gold.fct_sessions WHERE session_id = 'poison-1'") == [
        {"session_id": "poison-1"}
    ]
