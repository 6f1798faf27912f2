"""The life of a pipeline job: pending, running, and one of three ends. A crash sends it back to the beginning."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from laptop.http import ApiError
from laptop.loops import persist
from laptop.orphans import end_owned
from laptop.vertex import processes
from laptop.vertex.database import Body, JobDatabase
from laptop.vertex.job_request import check_job, check_job_id, read_parameters
from laptop.vertex.task_log import list_task_names, read_tasks

SUCCEEDED, FAILED, CANCELLED = (f"PIPELINE_STATE_{word}" for word in ("SUCCEEDED", "FAILED", "CANCELLED"))
PENDING, RUNNING = "PIPELINE_STATE_PENDING", "PIPELINE_STATE_RUNNING"
TERMINAL = {SUCCEEDED, FAILED, CANCELLED}


class PipelineRunner:
    """Creates, runs and ends jobs; `parallel` of them at once."""

    def __init__(
        self,
        database: JobDatabase,
        state: Path,
        *,
        python: str,
        env: Mapping[str, str],
        parallel: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._state, self._folder = state, state / "jobs"
        self._python = python
        self._env = env
        self._clock = clock
        self._slots = asyncio.Semaphore(parallel)
        self._running: dict[str, asyncio.Task[None]] = {}

    def resume(self) -> None:
        """End what a dead server left running, then start every unfinished job from its beginning."""
        end_owned(self._state)
        for job in self._database.list_jobs(""):
            if job["state"] not in TERMINAL:
                self._schedule(job["name"])

    def create(self, parent: str, job_id: str, job: Body) -> Body:
        """A new job, scheduled; 409 when the id was ever used, even by a job that failed."""
        check_job_id(job_id)
        check_job(job)
        now = self._now()
        given = {key: value for key, value in job.items() if key != "name"}
        created = {"name": f"{parent}/pipelineJobs/{job_id}", **given, "state": PENDING}
        created |= {"createTime": now, "updateTime": now}
        if not self._database.insert_job(created):
            raise ApiError(409, f"{created['name']} already exists")
        self._schedule(created["name"])
        return created

    def get(self, name: str) -> Body:
        """The job with its tasks; 404 when there is none."""
        job = self._find(name)
        if job["state"] == RUNNING:
            job["jobDetail"] = {"taskDetails": self._read_tasks(job, over=False)}
        return job

    def list_under(self, parent: str) -> list[Body]:
        """Jobs of a location, newest first, as the service lists them."""
        return self._database.list_jobs(f"{parent}/pipelineJobs/")[::-1]

    async def cancel(self, name: str) -> None:
        """End a job and its processes; 400 when it has already ended."""
        if self._find(name)["state"] in TERMINAL:
            raise ApiError(400, f"{name} has already ended", status="FAILED_PRECONDITION")
        await self._interrupt(name)
        job = self._find(name)
        if job["state"] not in TERMINAL:
            self._finish(job, CANCELLED, {"error": {"code": 1, "message": "cancelled by request"}})

    def delete(self, name: str) -> None:
        """Forget a job that has ended, with its files; 400 while it runs."""
        if self._find(name)["state"] not in TERMINAL:
            raise ApiError(400, f"{name} has not ended: cancel it first", status="FAILED_PRECONDITION")
        self._database.delete_job(name)
        shutil.rmtree(self._folder_of(name), ignore_errors=True)

    async def stop(self) -> None:
        """End all processes; unfinished jobs start again with the next server."""
        for name in list(self._running):
            await self._interrupt(name)

    def _schedule(self, name: str) -> None:
        task = asyncio.create_task(self._run_in_turn(name))
        self._running[name] = task
        task.add_done_callback(lambda _: self._running.pop(name, None))

    async def _interrupt(self, name: str) -> None:
        task = self._running.get(name)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run_in_turn(self, name: str) -> None:
        async with self._slots:
            job = self._find(name)
            job |= {"state": RUNNING, "startTime": self._now(), "updateTime": self._now()}
            await persist(lambda: self._database.update_job(job))
            try:
                code = await self._run(job)
            except OSError as error:
                why = {"error": {"code": 13, "message": f"cannot run {self._python}: {error}"}}
                await persist(lambda: self._finish(job, FAILED, why))
                return
            await persist(lambda: self._conclude(job, code))

    async def _run(self, job: Body) -> int:
        spec = job["pipelineSpec"]
        values = job.get("runtimeConfig", {}).get("parameterValues", {})
        request = {"spec": spec, "parameters": read_parameters(spec, values)}
        process = await processes.launch(self._python, self._folder_of(job["name"]), request, self._env, self._state)
        try:
            return int(await process.wait())
        finally:
            await processes.end_group(process)

    def _conclude(self, job: Body, code: int) -> None:
        tasks = self._read_tasks(job, over=True)
        detail: dict[str, Any] = {"jobDetail": {"taskDetails": tasks}}
        if code == 0:
            self._finish(job, SUCCEEDED, detail)
            return
        failed = [f"{task['taskName']}: {task['error']['message']}" for task in tasks if "error" in task]
        said = processes.read_log(self._folder_of(job["name"])).strip().splitlines()[-1:]
        message = "; ".join(failed or said) or f"the run ended with exit code {code}"
        self._finish(job, FAILED, {**detail, "error": {"code": 13, "message": message}})

    def _finish(self, job: Body, state: str, more: Body) -> None:
        now = self._now()
        self._database.update_job({**job, "state": state, "endTime": now, "updateTime": now, **more})

    def _read_tasks(self, job: Body, *, over: bool) -> list[Body]:
        began = datetime.fromisoformat(job["startTime"]).astimezone(UTC)
        log = processes.read_log(self._folder_of(job["name"]))
        return read_tasks(list_task_names(job["pipelineSpec"]), log, began, over=over)

    def _find(self, name: str) -> Body:
        job = self._database.find_job(name)
        if job is None:
            raise ApiError(404, f"{name} does not exist")
        return job

    def _folder_of(self, name: str) -> Path:
        _, project, _, location, _, job_id = name.split("/")
        return (self._folder / project / location / job_id).absolute()

    def _now(self) -> str:
        return self._clock().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
