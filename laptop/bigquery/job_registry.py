"""Jobs: each runs in a worker thread, its record and its rows are files, so that they outlive the process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from laptop.bigquery.errors import duplicate, not_found
from laptop.bigquery.running.billing import bill
from laptop.bigquery.running.outcome import StatementOutcome
from laptop.bigquery.running.session import Session
from laptop.files import write_whole
from laptop.http import ApiError
from laptop.loops import persist

Resource = dict[str, Any]
_INTERRUPT_EVERY = 0.02  # seconds
Work = Callable[[Session], StatementOutcome]


@dataclass(slots=True, kw_only=True)
class BigQueryJob:
    """`resource` is what jobs.get answers; `done` is set once its state is DONE."""

    resource: Resource
    done: asyncio.Event = field(default_factory=asyncio.Event)
    session: Session | None = None
    cancelled: bool = False

    @property
    def key(self) -> str:
        return str(self.resource["jobReference"]["jobId"])

    @property
    def error(self) -> Resource | None:
        found: Resource | None = self.resource["status"].get("errorResult")
        return found


@dataclass(slots=True, kw_only=True)
class JobRegistry:
    """All jobs of the project, by id; `make_session` opens a session for a new one."""

    folder: Path
    project: str
    location: str
    now: Callable[[], int]
    new_id: Callable[[], str]
    known: dict[str, BigQueryJob] = field(default_factory=dict)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _writing: threading.Lock = field(default_factory=threading.Lock)

    def load(self) -> None:
        """Read the records back; a job that was running when the process died has failed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for path in [*self.folder.glob("*.part"), *self.folder.glob("*.new")]:
            path.unlink()
        for path in sorted(self.folder.glob("*.json")):
            try:
                job = BigQueryJob(resource=json.loads(path.read_text()))
            except ValueError:
                # A machine that died can leave a name without its content: such a job is unknown, as one that never was.
                path.unlink()
                continue
            if job.resource["status"]["state"] != "DONE":
                self._finish(job, ApiError(503, "The server stopped while the job ran", reason="stopped"))
            job.done.set()
            self.known[job.key] = job

    def need(self, job_id: str) -> BigQueryJob:
        if job_id not in self.known:
            raise not_found("Job", f"{self.project}:{self.location}.{job_id}")
        return self.known[job_id]

    def begin(self, configuration: Resource, session: Session, work: Work, job_id: str = "") -> BigQueryJob:
        """Start it in a thread. Raises ApiError if the id is taken."""
        job_id = job_id or self.new_id()
        if job_id in self.known:
            raise duplicate("Job", f"{self.project}:{self.location}.{job_id}")
        job = BigQueryJob(resource=self._record(job_id, configuration), session=session)
        self._save(job)
        self.known[job_id] = job
        task = asyncio.create_task(self._run(job, session, work))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return job

    async def _run(self, job: BigQueryJob, session: Session, work: Work) -> None:
        outcome = await asyncio.to_thread(self._work, job, session, work)
        await persist(lambda: self._finish(job, outcome))
        job.session = None
        job.done.set()

    def _work(self, job: BigQueryJob, session: Session, work: Work) -> StatementOutcome | Exception:
        try:
            outcome = work(session)
            if outcome.rows is not None:
                self._save_rows(job, outcome.rows)
            return outcome
        except (ApiError, duckdb.Error) as error:
            return error
        except Exception as error:
            return ApiError(500, f"{type(error).__name__}: {error}", reason="internalError")
        finally:
            session.cursor.close()

    def _finish(self, job: BigQueryJob, outcome: StatementOutcome | Exception) -> None:
        resource = job.resource
        resource["status"]["state"] = "DONE"
        resource["statistics"]["endTime"] = str(self.now())
        if isinstance(outcome, StatementOutcome):
            _describe_outcome(resource, outcome, job.session)
        else:
            error = _error_of(outcome, job.cancelled)
            resource["status"].update(errorResult=error, errors=[error])
        self._save(job)

    def cancel(self, job: BigQueryJob) -> None:
        """Interrupt it until it has ended: an interrupt before its statement has begun would be lost."""
        if job.session is not None and not job.done.is_set():
            job.cancelled = True
            task = asyncio.create_task(_interrupt(job))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    def rows(self, job: BigQueryJob) -> pa.Table:
        path = self.folder / f"{job.key}.arrow"
        if not path.exists():
            return pa.table({})
        with pa.memory_map(str(path)) as source:
            return pa.ipc.open_file(source).read_all()

    def forget(self, job: BigQueryJob) -> None:
        self.known.pop(job.key, None)
        for suffix in ("json", "arrow"):
            (self.folder / f"{job.key}.{suffix}").unlink(missing_ok=True)

    def _save_rows(self, job: BigQueryJob, rows: pa.Table) -> None:
        path = self.folder / f"{job.key}.arrow.part"
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, rows.schema) as writer:
            writer.write_table(rows)
        os.replace(path, path.with_suffix(""))

    def _save(self, job: BigQueryJob) -> None:
        with self._writing:
            write_whole(self.folder / f"{job.key}.json", json.dumps(job.resource))

    def _record(self, job_id: str, configuration: Resource) -> Resource:
        now = str(self.now())
        return {
            "kind": "bigquery#job",
            "id": f"{self.project}:{self.location}.{job_id}",
            "jobReference": {"projectId": self.project, "jobId": job_id, "location": self.location},
            "configuration": configuration,
            "status": {"state": "RUNNING"},
            "statistics": {"creationTime": now, "startTime": now},
            "user_email": f"laptop@{self.project}.iam.gserviceaccount.com",
        }


async def _interrupt(job: BigQueryJob) -> None:
    while not job.done.is_set() and job.session is not None:
        with contextlib.suppress(duckdb.Error):  # its cursor is closed just before it is done
            job.session.cursor.interrupt()
        await asyncio.sleep(_INTERRUPT_EVERY)


def _error_of(error: Exception, cancelled: bool) -> Resource:
    if cancelled:
        return {"reason": "stopped", "message": "Job execution was cancelled: User requested cancellation", "code": 499}
    if isinstance(error, ApiError):
        detail: Resource = error.as_json()["error"]["errors"][0]
        return {"reason": detail["reason"], "message": detail["message"], "code": error.code}
    return {"reason": "invalidQuery", "message": str(error), "code": 400}


def _describe_outcome(resource: Resource, outcome: StatementOutcome, session: Session | None) -> None:
    sizes = session.bytes_read.values() if session else ()
    read = str(sum(sizes))
    query: Resource = {
        "statementType": outcome.kind,
        "totalBytesProcessed": read,
        "totalBytesBilled": "0" if session and session.dry else str(bill(sizes)),
        "cacheHit": False,
        **outcome.statistics,
    }
    if outcome.rows is not None or outcome.fields:
        query["schema"] = {"fields": outcome.fields}
    if outcome.affected is not None:
        query["numDmlAffectedRows"] = str(outcome.affected)
    if session is not None:
        query["referencedTables"] = [_reference(name) for name in sorted(session.tables_read)]
    resource["statistics"].update(query=query, totalBytesProcessed=read)


def _reference(name: Any) -> Resource:
    return {"projectId": name.project, "datasetId": name.dataset, "tableId": name.table}
