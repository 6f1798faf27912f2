"""Jobs: an execution runs its tasks as processes, tries failed ones again, and is taken up after a restart."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from laptop.loops import persist
from laptop.records import Record, Records
from laptop.run.processes import command_of, end, spawn

_LOG = logging.getLogger("laptop.run")
_MAX_PARALLEL = 2


class JobRunner:
    def __init__(self, records: Records, folder: Path, around: Mapping[str, str]) -> None:
        self._records, self._folder, self._around = records, folder, around
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(_MAX_PARALLEL)

    def run(self, job: Record, arguments: Sequence[str] | None, env: Sequence[Record]) -> Record:
        """A new execution of the job, on record and under way."""
        name = f"{job['name']}/executions/{job['name'].rsplit('/', 1)[1]}-{uuid.uuid4().hex[:8]}"
        template = job["template"]["template"]
        container = dict(template["containers"][0])
        if arguments is not None:
            container["args"] = list(arguments)
        container["env"] = [*container.get("env", []), *env]
        execution = {
            "name": name,
            "job": job["name"],
            "createTime": _now(),
            "startTime": _now(),
            "taskCount": int(job["template"].get("taskCount", 1)),
            "runningCount": 0,
            "succeededCount": 0,
            "failedCount": 0,
            "template": {**template, "containers": [container]},
        }
        self._records.put("execution", name, execution)
        self._go(execution)
        return execution

    def take_up(self) -> None:
        """Executions that a stop interrupted start their tasks again: jobs are written to be run twice."""
        for execution in self._records.list("execution"):
            if "completionTime" not in execution:
                self._go(execution)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _go(self, execution: Record) -> None:
        task = asyncio.create_task(self._run_tasks(execution))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run_tasks(self, execution: Record) -> None:
        count = execution["taskCount"]
        good = await asyncio.gather(*(self._run_task(execution, index) for index in range(count)))
        done = {"succeededCount": sum(good), "failedCount": count - sum(good), "completionTime": _now()}
        state = "CONDITION_SUCCEEDED" if all(good) else "CONDITION_FAILED"
        condition = {"type": "Completed", "state": state}
        if not all(good):
            condition["message"] = self._tail(execution)
        ended = execution | done | {"conditions": [condition]}
        await persist(lambda: self._records.put("execution", execution["name"], ended))

    async def _run_task(self, execution: Record, index: int) -> bool:
        tries = 1 + int(execution["template"].get("maxRetries", 3))
        for attempt in range(tries):
            async with self._slots:
                if await self._try_task(execution, index, attempt) == 0:
                    return True
            await asyncio.sleep(min(2**attempt, 10) * 0.5)
        return False

    async def _try_task(self, execution: Record, index: int, attempt: int) -> int:
        extra = {
            "CLOUD_RUN_JOB": execution["job"].rsplit("/", 1)[1],
            "CLOUD_RUN_EXECUTION": execution["name"].rsplit("/", 1)[1],
            "CLOUD_RUN_TASK_INDEX": str(index),
            "CLOUD_RUN_TASK_COUNT": str(execution["taskCount"]),
            "CLOUD_RUN_TASK_ATTEMPT": str(attempt),
        }
        command = command_of(execution["template"]["containers"][0], self._log(execution), extra)
        try:
            process = await spawn(command, self._folder, self._around)
        except OSError as error:
            _LOG.warning("%s does not start: %s", execution["name"], error)
            return 1
        try:
            return await process.wait()
        finally:
            await end(process)

    def _log(self, execution: Record) -> Path:
        return self._folder / "logs" / f"{execution['name'].rsplit('/', 1)[1]}.log"

    def _tail(self, execution: Record) -> str:
        log = self._log(execution)
        return log.read_text(errors="replace")[-1000:] if log.exists() else "no task could be started"


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat().replace("+00:00", "Z")
