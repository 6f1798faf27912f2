"""Runs the actions of an invocation: in order of dependency, two at a time, until all have ended."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx

from laptop.dataform.graph import Action, ActionTarget, target_of
from laptop.dataform.plan import ready_actions, skipped_actions
from laptop.dataform.statements import build_script, join_script, quote
from laptop.dataform.store import Record, RecordStore
from laptop.dataform.warehouse import QueryFailedError, WarehouseClient
from laptop.loops import persist

AT_ONCE = 2
INTERRUPTED = "interrupted: the Dataform server stopped while the invocation was running"


@dataclass(slots=True, kw_only=True)
class InvocationRun:
    """One invocation under way. `records` are its actions' resources by target."""

    invocation: Record
    actions: Sequence[Action]
    records: dict[ActionTarget, Record]
    full_refresh: bool
    location: str
    cancelling: bool = False
    working: dict[asyncio.Task[None], Action] = field(default_factory=dict)

    @property
    def states(self) -> dict[ActionTarget, str]:
        return {target: record["state"] for target, record in self.records.items()}


class Runner:
    """Keeps every change of state in the store before the next step."""

    def __init__(self, store: RecordStore, warehouse: WarehouseClient, now: Callable[[], str]) -> None:
        self._store = store
        self._warehouse = warehouse
        self._now = now
        self.live: dict[str, tuple[InvocationRun, asyncio.Task[None]]] = {}

    def begin(self, run: InvocationRun) -> None:
        task = asyncio.create_task(self._run(run))
        name = run.invocation["name"]
        self.live[name] = (run, task)
        task.add_done_callback(lambda _done: self.live.pop(name, None))

    async def stop(self) -> None:
        """Drop what runs, as a kill would: the next start finds it interrupted."""
        tasks = [task for run, whole in self.live.values() for task in (whole, *run.working)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def cancel(self, name: str) -> None:
        """CANCELING now; CANCELLED when the jobs under way have ended."""
        if name not in self.live:
            return
        run, _task = self.live[name]
        run.cancelling = True
        self._set_state(run, "CANCELING")
        for action in list(run.working.values()):
            record = run.records[action.target]
            await self._warehouse.cancel(action.target.database, _job_id(record))

    async def _run(self, run: InvocationRun) -> None:
        while await persist(lambda: self._start_ready(run)) or run.working:
            done, _ = await asyncio.wait(run.working, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                await persist(partial(self._note_end, run, run.working[task], task.exception()))
                del run.working[task]
        states = set(run.states.values())
        final = "CANCELLED" if run.cancelling else "FAILED" if states & {"FAILED", "SKIPPED"} else "SUCCEEDED"
        await persist(lambda: self._set_state(run, final))

    def _start_ready(self, run: InvocationRun) -> bool:
        """Skip what cannot run any more, start what can; whether anything was started."""
        while skipped := skipped_actions(run.actions, run.states):
            for action in skipped:
                self._note(run, action, "SKIPPED")
        ready = ready_actions(run.actions, run.states)
        if run.cancelling:
            for action in run.actions:
                if run.states[action.target] == "PENDING":
                    self._note(run, action, "CANCELLED")
            return False
        chosen = ready[: AT_ONCE - len(run.working)]
        for action in chosen:
            self._note(run, action, "RUNNING")
            run.working[asyncio.create_task(self._execute(run, action))] = action
        return bool(chosen)

    async def _execute(self, run: InvocationRun, action: Action) -> None:
        """Raises QueryFailedError, or httpx.HTTPError when BigQuery cannot be reached."""
        target = action.target
        await self._warehouse.make_dataset(target.database, run.location, target.schema)
        columns = await self._warehouse.columns(target) if action.kind in ("table", "incremental", "view") else None
        script = build_script(action, columns=columns, full_refresh=run.full_refresh)
        if action.kind == "assertion":
            script = join_script([f"CREATE OR REPLACE VIEW {quote(target)} AS {script}"])
        run.records[target]["bigqueryAction"]["sqlScript"] = script
        if not script:
            return
        await self._warehouse.run(target.database, run.location, _job_id(run.records[target]), script)
        if action.kind == "assertion":
            await self._assert_empty(target)
        else:
            await self._describe(action)

    async def _assert_empty(self, target: ActionTarget) -> None:
        rows = await self._warehouse.rows(target.database, f"SELECT COUNT(*) AS count_rows FROM {quote(target)}")
        if int(rows[0][0]):
            raise QueryFailedError(f"Assertion failed: the query of {target} gives {rows[0][0]} rows, expected none")

    async def _describe(self, action: Action) -> None:
        descriptor = action.body.get("actionDescriptor", {})
        has_table = action.kind != "operations" or action.body.get("hasOutput")
        if descriptor and has_table:
            await self._warehouse.describe(
                action.target, descriptor.get("description", ""), descriptor.get("columns", [])
            )

    def _note_end(self, run: InvocationRun, action: Action, error: BaseException | None) -> None:
        if error is None:
            self._note(run, action, "SUCCEEDED")
        elif run.cancelling:
            self._note(run, action, "CANCELLED")
        elif isinstance(error, QueryFailedError | httpx.HTTPError):
            self._note(run, action, "FAILED", str(error) or type(error).__name__)
        else:
            self._note(run, action, "FAILED", f"{type(error).__name__}: {error}")

    def _note(self, run: InvocationRun, action: Action, state: str, reason: str = "") -> None:
        """In the store, and only then in memory: what the disk refuses must look as if it had not been tried."""
        old = run.records[action.target]
        record: Record = {**old, "state": state}
        if state != "SKIPPED":
            now = self._now()
            ends = {} if state == "RUNNING" else {"endTime": now}
            record["invocationTiming"] = {"startTime": now, **old.get("invocationTiming", {}), **ends}
        if state == "RUNNING":
            record["bigqueryAction"] = {**old["bigqueryAction"], "jobId": _job_id(old)}
        if reason:
            record["failureReason"] = reason
        self._store.put("action", record, run.invocation["name"])
        run.records[action.target] = record

    def _set_state(self, run: InvocationRun, state: str) -> None:
        run.invocation["state"] = state
        if state not in ("RUNNING", "CANCELING"):
            run.invocation["invocationTiming"]["endTime"] = self._now()
        self._store.put("invocation", run.invocation, run.invocation["name"].rsplit("/workflowInvocations/", 1)[0])


def _job_id(record: Record) -> str:
    """One job per action of an invocation: `dataform_{invocation}_{number}`."""
    rest = str(record["name"]).rpartition("/workflowInvocations/")[2]
    return "dataform_" + rest.replace("/", "_")


def fail_interrupted(store: RecordStore, now: str) -> None:
    """At start: what was under way when the server died ends FAILED, and says why."""
    for invocation in store.list("invocation"):
        if invocation["state"] not in ("RUNNING", "CANCELING"):
            continue
        actions = store.list("action", invocation["name"])
        for action in _interrupted(actions):
            timing = {"invocationTiming": {"startTime": now, **action.get("invocationTiming", {}), "endTime": now}}
            store.put("action", {**action, **(timing if action["state"] == "FAILED" else {})}, invocation["name"])
        invocation["state"] = "FAILED"
        invocation["invocationTiming"]["endTime"] = now
        store.put("invocation", invocation, invocation["name"].rsplit("/workflowInvocations/", 1)[0])


def _interrupted(actions: Sequence[Record]) -> list[Record]:
    """Running ones failed, waiting ones skipped; if none was running, the first that waited carries the reason."""
    ended = []
    waiting = [action for action in actions if action["state"] == "PENDING"]
    running = [action for action in actions if action["state"] == "RUNNING"] or waiting[:1]
    for action in running:
        ended.append({**action, "state": "FAILED", "failureReason": INTERRUPTED})
    skipped = [action for action in waiting if action not in running]
    return ended + [{**action, "state": "SKIPPED"} for action in skipped]


def new_run(invocation: Record, actions: Sequence[Action], records: Sequence[Record], location: str) -> InvocationRun:
    config: dict[str, Any] = json.loads(json.dumps(invocation["invocationConfig"]))
    return InvocationRun(
        invocation=invocation,
        actions=actions,
        records={target_of(record["target"]): record for record in records},
        full_refresh=bool(config.get("fullyRefreshIncrementalTablesEnabled")),
        location=location,
    )
