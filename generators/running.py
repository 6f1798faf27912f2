"""The edge of every job: clients are built here, once, from what the job says."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generators.job import GeneratorTask
from generators.peppers import derive_open_pepper, fetch_pepper
from generators.sinks import CloudSink, FolderSink, Sink
from generators.truth import Totals, Truth, totals_json
from ripple.rows.pii import Pepper


def open_sink(job: GeneratorTask) -> Sink:
    """The job's folder, or Cloud Storage (STORAGE_EMULATOR_HOST is the client's own affair)."""
    if job.out:
        return FolderSink(job.out)
    from google.cloud import storage

    return CloudSink(storage.Client(project=job.project))


def open_pepper(job: GeneratorTask) -> Pepper:
    """The pepper that PEPPER_SECRET names; only a folder may do without. ValueError otherwise."""
    if job.pepper_secret:
        return fetch_pepper(job.pepper_secret, job.secrets_endpoint)
    if job.out is None:
        raise ValueError("PEPPER_SECRET is not set: tokens need projects/P/secrets/S/versions/NUMBER")
    return derive_open_pepper(job.world.seed)


@contextmanager
def open_workspace(job: GeneratorTask, sink: Sink) -> Iterator[Workspace]:
    """A workspace with a folder that is gone afterwards, whatever happens; beside `out` if there is one, for linking."""
    if job.out:
        job.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".ripple-", dir=job.out) as name:
        yield Workspace(job=job, sink=sink, folder=Path(name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """What a task works with: where objects go, and a folder for what is not ready to go."""

    job: GeneratorTask
    sink: Sink
    folder: Path

    def send(self, bucket: str, name: str, path: Path) -> bool:
        """Create the object, marked with its batch; False if it was there already."""
        return self.sink.create(bucket, name, path, self._metadata)

    def send_text(self, bucket: str, name: str, text: str) -> bool:
        with tempfile.NamedTemporaryFile("w", dir=self.folder, delete=False, encoding="utf-8") as file:
            file.write(text)
        return self.send(bucket, name, Path(file.name))

    def send_truth(self, truth: Truth) -> Totals:
        """The task's dirty rows, then its totals."""
        job, totals = self.job, truth.totals()
        where = f"truth/{job.flow}/{job.batch_id}"
        self.send(job.control_bucket, f"{where}/rows-{job.task_index:05d}.jsonl", truth.close())
        text = totals_json(totals, job.flow, job.batch_id)
        self.send_text(job.control_bucket, f"{where}/totals-{job.task_index:05d}.json", text + "\n")
        return totals

    @property
    def _metadata(self) -> Mapping[str, str]:
        return {"ripple-batch": self.job.batch_id}


def facts_of(totals: Totals) -> dict[str, Any]:
    return {
        "rows_in": totals.rows_in,
        "rows_kept": totals.rows_kept,
        "rows_quarantined": totals.rows_quarantined,
        "rows_duplicate": totals.rows_duplicate,
    }
