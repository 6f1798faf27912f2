"""How much comes in: what an estimate is for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ripple.deployment.settings import Settings

_CAPS = Settings(project="any-project")


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """Per day, spread evenly over it: the dearest way, since files that come together share a run. Caps as in the settings."""

    files_per_day: float
    rows_per_file: float
    bytes_per_row: float
    document_share: float = 0.0
    days_of_history: float = 30.0
    ticks_per_day: float = 1.0
    runs_per_hour: int = _CAPS.elt_runs_per_hour
    jobs_per_day: int = _CAPS.training_jobs_per_day
    files_per_batch: int = _CAPS.elt_files_per_batch
    bytes_per_batch: int = _CAPS.elt_bytes_per_batch

    @property
    def bytes_per_day(self) -> float:
        return self.files_per_day * self.rows_per_file * self.bytes_per_row

    @property
    def history_bytes(self) -> float:
        return self.bytes_per_day * self.days_of_history

    @property
    def runs_per_day(self) -> float:
        """A run a file, unless the cap has them share."""
        return min(self.files_per_day, 24.0 * self.runs_per_hour) if self.runs_per_hour else self.files_per_day

    @property
    def trainings_per_day(self) -> float:
        """One a run, as its dataset is the newest for a while, unless the cap defers it."""
        return min(self.runs_per_day, float(self.jobs_per_day)) if self.jobs_per_day else self.runs_per_day

    def find_misfits(self) -> Iterator[str]:
        """In words, what the caps would hold back for ever."""
        if self.files_per_day > self.runs_per_day * self.files_per_batch:
            most = self.runs_per_day * self.files_per_batch
            yield f"{self.runs_per_day:,.0f} runs a day take {most:,.0f} files: the rest waits, more every day"
        if self.bytes_per_day > self.runs_per_day * self.bytes_per_batch:
            most = self.runs_per_day * self.bytes_per_batch / 2**40
            yield f"{self.runs_per_day:,.0f} runs a day take {most:,.1f} TiB: the rest waits, more every day"


def describe_volume(files_per_day: float, usage: Mapping[str, Any], **changes: float | None) -> Volume:
    """The volume of `usage`, but for the `changes` that are not None."""
    given = {name: value for name, value in changes.items() if value is not None}
    return Volume(files_per_day=files_per_day, **{**usage["volume"], **given})
