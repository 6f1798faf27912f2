"""The runner against a warehouse that records: no server, no node, no waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from laptop.dataform.graph import Action, ActionTarget
from laptop.dataform.resources import new_action
from laptop.dataform.running import INTERRUPTED, InvocationRun, Runner, fail_interrupted, new_run
from laptop.dataform.store import RecordStore
from laptop.dataform.warehouse import QueryFailedError, WarehouseClient

REPOSITORY = "projects/p/locations/l/repositories/r"
NAME = f"{REPOSITORY}/workflowInvocations/i1"


class RecordedWarehouse(WarehouseClient):
    """Runs nothing: records the calls, fails where asked to, lets others go on at each job."""

    def __init__(self, failing: dict[str, Exception] | None = None, counts: dict[str, int] | None = None) -> None:
        self.failing = failing or {}
        self.counts = counts or {}
        self.jobs: dict[str, str] = {}
        self.cancelled: list[str] = []
        self.datasets: set[str] = set()
        self.described: list[str] = []
        self.running = self.most = 0
        self.held = asyncio.Event()
        self.hold = False

    async def make_dataset(self, project: str, location: str, dataset: str) -> None:
        self.datasets.add(f"{project}.{dataset}@{location}")

    async def columns(self, target: ActionTarget) -> list[str] | None:
        return None

    async def run(self, project: str, location: str, job_id: str, sql: str) -> None:
        self.jobs[job_id] = sql
        self.running += 1
        self.most = max(self.most, self.running)
        await self.held.wait() if self.hold else await asyncio.sleep(0)
        self.running -= 1
        for name, error in self.failing.items():
            if f"s.{name}`" in sql:
                raise error

    async def rows(self, project: str, sql: str) -> list[list[Any]]:
        return [[str(next((count for name, count in self.counts.items() if f"s.{name}`" in sql), 0))]]

    async def describe(self, target: ActionTarget, description: str, columns: Any) -> None:
        self.described.append(target.name)

    async def cancel(self, project: str, job_id: str) -> None:
        self.cancelled.append(job_id)
        self.held.set()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RecordStore]:
    opened = RecordStore(tmp_path / "dataform.sqlite")
    yield opened
    opened.close()


def action(name: str, *needs: str, kind: str = "table", disabled: bool = False, **body: Any) -> Action:
    record = {"name": name, "schema": "s", "database": "p"}
    return Action(
        target=ActionTarget("p", "s", name),
        kind=kind,
        dependencies=tuple(ActionTarget("p", "s", each) for each in needs),
        disabled=disabled,
        body={"target": record, "query": f"SELECT '{name}'", **body},
    )


def prepare(store: RecordStore, actions: list[Action], **config: Any) -> InvocationRun:
    invocation = {"name": NAME, "invocationConfig": config, "state": "RUNNING", "invocationTiming": {"startTime": "t0"}}
    records = [new_action(f"{NAME}/{number}", each) for number, each in enumerate(actions)]
    store.put_invocation(invocation, records, REPOSITORY)
    return new_run(invocation, actions, records, "us-central1")


def clock() -> Any:
    ticks = iter(range(1, 1000))
    return lambda: f"t{next(ticks):03}"


async def finish(runner: Runner, run: InvocationRun) -> None:
    runner.begin(run)
    await asyncio.wait_for(asyncio.shield(runner.live[NAME][1]), 5)


def execute(store: RecordStore, warehouse: RecordedWarehouse, actions: list[Action], **config: Any) -> dict[str, Any]:
    """Run to the end; the stored actions by name."""

    async def whole() -> None:
        await finish(Runner(store, warehouse, clock()), prepare(store, actions, **config))

    asyncio.run(whole())
    return {each["target"]["name"]: each for each in store.list("action", NAME)}


def states(found: dict[str, Any]) -> dict[str, str]:
    return {name: each["state"] for name, each in found.items()}


def state_of(store: RecordStore) -> str:
    invocation = store.get("invocation", NAME)
    assert invocation is not None
    return str(invocation["state"])


def test_actions_run_one_after_the_other_where_they_depend(store: RecordStore) -> None:
    warehouse = RecordedWarehouse()
    found = execute(store, warehouse, [action("c", "b"), action("b", "a"), action("a")])
    assert [sql.split("`")[1] for sql in warehouse.jobs.values()] == ["p.s.a", "p.s.b", "p.s.c"]
    assert found["a"]["invocationTiming"]["endTime"] < found["b"]["invocationTiming"]["startTime"]
    assert state_of(store) == "SUCCEEDED"


def test_two_actions_run_at_once_and_never_three(store: RecordStore) -> None:
    warehouse = RecordedWarehouse()
    execute(store, warehouse, [action(name) for name in "abcde"])
    assert (warehouse.most, len(warehouse.jobs)) == (2, 5)


def test_each_action_has_a_job_of_its_own_and_its_script(store: RecordStore) -> None:
    warehouse = RecordedWarehouse()
    found = execute(store, warehouse, [action("a"), action("b")])
    assert sorted(warehouse.jobs) == ["dataform_i1_0", "dataform_i1_1"]
    assert found["b"]["bigqueryAction"] == {"jobId": "dataform_i1_1", "sqlScript": warehouse.jobs["dataform_i1_1"]}


def test_the_dataset_is_made_first_where_the_service_is(store: RecordStore) -> None:
    warehouse = RecordedWarehouse()
    execute(store, warehouse, [action("a")])
    assert warehouse.datasets == {"p.s@us-central1"}


def test_a_failure_skips_what_depends_on_it_and_nothing_else(store: RecordStore) -> None:
    warehouse = RecordedWarehouse(failing={"a": QueryFailedError("no such column")})
    found = execute(store, warehouse, [action("a"), action("b", "a"), action("c", "b"), action("d")])
    assert states(found) == {"a": "FAILED", "b": "SKIPPED", "c": "SKIPPED", "d": "SUCCEEDED"}
    assert found["a"]["failureReason"] == "no such column"
    assert "failureReason" not in found["b"]
    assert state_of(store) == "FAILED"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (httpx.ConnectError("refused"), "refused"),
        (httpx.ReadTimeout(""), "ReadTimeout"),
        (KeyError("schema"), "KeyError: 'schema'"),
    ],
)
def test_a_warehouse_that_breaks_fails_the_action_with_a_reason(
    store: RecordStore, error: Exception, reason: str
) -> None:
    found = execute(store, RecordedWarehouse(failing={"a": error}), [action("a"), action("b")])
    assert (found["a"]["failureReason"], found["b"]["state"]) == (reason, "SUCCEEDED")


def test_an_assertion_that_gives_rows_fails(store: RecordStore) -> None:
    warehouse = RecordedWarehouse(counts={"check": 3})
    found = execute(store, warehouse, [action("check", kind="assertion"), action("after", "check")])
    assert states(found) == {"check": "FAILED", "after": "SKIPPED"}
    assert "3 rows, expected none" in found["check"]["failureReason"]
    assert warehouse.jobs["dataform_i1_0"] == "CREATE OR REPLACE VIEW `p.s.check` AS SELECT 'check'"


def test_an_assertion_without_rows_lets_others_go_on(store: RecordStore) -> None:
    found = execute(store, RecordedWarehouse(), [action("check", kind="assertion"), action("after", "check")])
    assert states(found) == {"check": "SUCCEEDED", "after": "SUCCEEDED"}


def test_a_disabled_action_is_shown_never_run_and_may_be_depended_upon(store: RecordStore) -> None:
    warehouse = RecordedWarehouse()
    found = execute(store, warehouse, [action("off", disabled=True), action("after", "off")])
    assert states(found) == {"off": "DISABLED", "after": "SUCCEEDED"}
    assert "invocationTiming" not in found["off"]
    assert len(warehouse.jobs) == 1
    assert state_of(store) == "SUCCEEDED"


def test_operations_without_statements_succeed_without_a_job(store: RecordStore) -> None:
    warehouse = RecordedWarehouse()
    found = execute(store, warehouse, [action("empty", kind="operations", queries=[])])
    assert (states(found), warehouse.jobs) == ({"empty": "SUCCEEDED"}, {})


def test_an_invocation_without_actions_succeeds(store: RecordStore) -> None:
    assert execute(store, RecordedWarehouse(), []) == {}
    assert state_of(store) == "SUCCEEDED"


def test_descriptions_reach_tables_and_only_them(store: RecordStore) -> None:
    warehouse = RecordedWarehouse()
    described = {"actionDescriptor": {"description": "d", "columns": []}}
    execute(
        store,
        warehouse,
        [
            action("table", **described),
            action("plain"),
            action("made", kind="operations", queries=["SELECT 1"], hasOutput=True, **described),
            action("done", kind="operations", queries=["SELECT 1"], **described),
        ],
    )
    assert sorted(warehouse.described) == ["made", "table"]


def test_timing_is_that_of_the_documented_states(store: RecordStore) -> None:
    warehouse = RecordedWarehouse(failing={"bad": QueryFailedError("x")})
    found = execute(store, warehouse, [action("good"), action("bad"), action("skipped", "bad")])
    timed = {name: sorted(each.get("invocationTiming", {})) for name, each in found.items()}
    assert timed == {"good": ["endTime", "startTime"], "bad": ["endTime", "startTime"], "skipped": []}


def test_a_cancel_ends_the_jobs_under_way_and_starts_no_more(store: RecordStore) -> None:
    async def whole() -> RecordedWarehouse:
        warehouse = RecordedWarehouse(failing={"a": QueryFailedError("job was cancelled")})
        warehouse.hold = True
        runner = Runner(store, warehouse, clock())
        run = prepare(store, [action("a"), action("b"), action("c"), action("d", "a")])
        runner.begin(run)
        task = runner.live[NAME][1]
        while warehouse.running < 2:
            await asyncio.sleep(0)
        await runner.cancel(NAME)
        assert state_of(store) == "CANCELING"
        await asyncio.wait_for(asyncio.shield(task), 5)
        return warehouse

    warehouse = asyncio.run(whole())
    found = {each["target"]["name"]: each for each in store.list("action", NAME)}
    assert sorted(warehouse.cancelled) == ["dataform_i1_0", "dataform_i1_1"]
    assert states(found) == {"a": "CANCELLED", "b": "SUCCEEDED", "c": "CANCELLED", "d": "SKIPPED"}
    assert len(warehouse.jobs) == 2
    assert not any("failureReason" in each for each in found.values())
    assert sorted(found["c"]["invocationTiming"]) == ["endTime", "startTime"]
    assert state_of(store) == "CANCELLED"


def test_a_cancel_of_what_has_ended_changes_nothing(store: RecordStore) -> None:
    async def whole() -> None:
        runner = Runner(store, RecordedWarehouse(), clock())
        await finish(runner, prepare(store, [action("a")]))
        await asyncio.sleep(0)
        await runner.cancel(NAME)

    asyncio.run(whole())
    assert state_of(store) == "SUCCEEDED"


def test_a_full_refresh_is_read_from_the_configuration(store: RecordStore) -> None:
    assert prepare(store, [], fullyRefreshIncrementalTablesEnabled=True).full_refresh
    assert not prepare(store, []).full_refresh


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["SUCCEEDED", "RUNNING", "PENDING"], ["SUCCEEDED", "FAILED", "SKIPPED"]),
        (["RUNNING", "RUNNING"], ["FAILED", "FAILED"]),
        (["SUCCEEDED", "PENDING", "PENDING"], ["SUCCEEDED", "FAILED", "SKIPPED"]),
        (["SUCCEEDED"], ["SUCCEEDED"]),
        (["DISABLED", "PENDING"], ["DISABLED", "FAILED"]),
    ],
)
def test_a_restart_ends_what_was_under_way(store: RecordStore, before: list[str], after: list[str]) -> None:
    run = prepare(store, [action(f"a{number}") for number in range(len(before))])
    for record, state in zip(run.records.values(), before, strict=True):
        store.put("action", {**record, "state": state}, NAME)
    fail_interrupted(store, "t9")
    found = store.list("action", NAME)
    assert [each["state"] for each in found] == after
    assert [each.get("failureReason") for each in found if each["state"] == "FAILED"] == [INTERRUPTED] * after.count(
        "FAILED"
    )
    assert all("invocationTiming" not in each for each in found if each["state"] == "SKIPPED")
    assert state_of(store) == "FAILED"


def test_a_restart_leaves_what_had_ended_alone(store: RecordStore) -> None:
    execute(store, RecordedWarehouse(), [action("a")])
    before = (store.get("invocation", NAME), store.list("action", NAME))
    fail_interrupted(store, "t9")
    assert (store.get("invocation", NAME), store.list("action", NAME)) == before
