"""What is stated of ELT runs, and of the training that follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from ripple.wire.events.fact import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class EltRunStarted(Fact):
    """A batch of claimed files was handed to one workflow execution."""

    TYPE: ClassVar[str] = "elt.run.started.v1"
    batch: int
    epoch: int
    flows: Sequence[str]
    files: int
    execution: str
    part: int | None = None
    trial: bool | None = None

    @property
    def subject(self) -> str:
        return f"batches/{self.batch}"

    @property
    def key(self) -> str:
        return f"{self.batch}/{self.epoch}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EltRunSucceeded(Fact):
    """Silver, features and gold hold the batch; the snapshot is what training reads."""

    TYPE: ClassVar[str] = "elt.run.succeeded.v1"
    NAMES: ClassVar[tuple[str, ...]] = ("dataset_version",)
    batch: int
    epoch: int
    execution: str
    invocation: str
    snapshot_uri: str
    dataset_version: str
    train_rows: int
    test_rows: int
    score_rows: int
    cutoff_at: str | None = None

    @property
    def subject(self) -> str:
        return f"batches/{self.batch}"

    @property
    def key(self) -> str:
        return f"{self.batch}/{self.epoch}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EltPartSucceeded(Fact):
    """A part of a batch that failed is published, or a trial of its flows' SQL has passed; the batch is not done yet."""

    TYPE: ClassVar[str] = "elt.part.succeeded.v1"
    batch: int
    epoch: int
    part: int
    trial: bool
    execution: str
    invocation: str

    @property
    def subject(self) -> str:
        return f"batches/{self.batch}"

    @property
    def key(self) -> str:
        return f"{self.batch}/{self.epoch}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BronzeObjectsParked(Fact):
    """Files left their batch, as its SQL fails with them and works without them. They wait for a replay."""

    TYPE: ClassVar[str] = "bronze.objects.parked.v1"
    batch: int
    epoch: int
    files: int
    parked: Sequence[str]
    action: str
    message: str

    @property
    def subject(self) -> str:
        return f"batches/{self.batch}"

    @property
    def key(self) -> str:
        return f"{self.batch}/{self.epoch}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EltRunFailed(Fact):
    """The batch did not make it through Dataform; `failed_actions` are `{action, message}`."""

    TYPE: ClassVar[str] = "elt.run.failed.v1"
    batch: int
    epoch: int
    execution: str
    state: str
    reason: str
    failed_actions: Sequence[Mapping[str, str]]
    invocation: str | None = None

    @property
    def subject(self) -> str:
        return f"batches/{self.batch}"

    @property
    def key(self) -> str:
        return f"{self.batch}/{self.epoch}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingJobSubmitted(Fact):
    """A Vertex AI pipeline job exists for a dataset version."""

    TYPE: ClassVar[str] = "training.job.submitted.v1"
    job: str
    batch: int
    dataset_version: str
    spec_digest: str
    attempt: int

    @property
    def subject(self) -> str:
        return self.job


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingJobFinished(Fact):
    """The pipeline's last task says how training ended and why."""

    TYPE: ClassVar[str] = "training.job.finished.v1"
    job: str
    batch: int
    dataset_version: str
    state: str
    outcome: str
    reason: str
    metrics: Mapping[str, Any]
    model: str | None = None
    version: str | None = None

    @property
    def subject(self) -> str:
        return self.job
