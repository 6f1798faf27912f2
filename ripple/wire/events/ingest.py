"""What is stated on the way from a tick to Bronze."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from ripple.wire.events.fact import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRunStarted(Fact):
    """A generator job was started for one flow and one window of world time."""

    TYPE: ClassVar[str] = "batch.run.started.v1"
    batch_id: str
    flow: str
    window_from: str
    window_to: str
    job: str
    execution: str
    scheduled_at: str

    @property
    def subject(self) -> str:
        return self.batch_id


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesExportRequested(Fact):
    """A live source is to be exported: what changed in `[changed_from, changed_to)`."""

    TYPE: ClassVar[str] = "sales.export.requested.v1"
    NAMES: ClassVar[tuple[str, ...]] = ("batch_id",)
    batch_id: str
    changed_from: str
    changed_to: str

    @property
    def subject(self) -> str:
        return self.batch_id


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesSliceRequested(Fact):
    """One slice of a large export is to be exported: `exports/{export}` holds the plan, which says what documents are its own."""

    TYPE: ClassVar[str] = "sales.slice.requested.v1"
    NAMES: ClassVar[tuple[str, ...]] = ("batch_id", "export")
    batch_id: str
    export: str
    slice: int
    slices: int
    rows: int
    manifest_uri: str | None = None

    @property
    def subject(self) -> str:
        return self.batch_id

    @property
    def key(self) -> str:
        return f"{self.export}/{self.slice}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesSliceExported(Fact):
    """One slice of an export is in Bronze as Parquet. Rows are documents read, quarantined ones included."""

    TYPE: ClassVar[str] = "sales.slice.exported.v1"
    batch_id: str
    slice: int
    slices: int
    uri: str
    generation: int
    rows: int
    rows_quarantined: int
    quarantine_uri: str | None = None

    @property
    def subject(self) -> str:
        return self.uri


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesExportFinished(Fact):
    """Every document that the manifest promised is in Bronze or in quarantine."""

    TYPE: ClassVar[str] = "sales.export.finished.v1"
    batch_id: str
    rows: int
    rows_quarantined: int
    objects: Sequence[str]
    manifest_uri: str | None = None

    @property
    def subject(self) -> str:
        return self.batch_id


@dataclass(frozen=True, slots=True, kw_only=True)
class BronzeObjectLanded(Fact):
    """A Bronze object was checked against its contract and is ready for ELT."""

    TYPE: ClassVar[str] = "bronze.object.landed.v1"
    flow: str
    uri: str
    generation: int
    dt: str
    bytes: int
    rows: int
    rows_quarantined: int
    quarantine_uri: str | None = None
    rescued_uri: str | None = None
    corrects_uri: str | None = None
    checked_uri: str | None = None
    rows_checked: int | None = None
    contract_digest: str | None = None
    arrived_at: str | None = None
    whole_at: str | None = None

    @property
    def subject(self) -> str:
        return self.uri

    @property
    def key(self) -> str:
        return f"{self.uri}#{self.generation}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BronzeContractDrifted(Fact):
    """Rows of a Bronze object hold what its contract does not foresee: new fields, wider or other types. Never their values."""

    TYPE: ClassVar[str] = "bronze.contract.drifted.v1"
    flow: str
    uri: str
    generation: int
    policy: Mapping[str, str]
    drifts: Sequence[Mapping[str, Any]]
    drifts_further: int
    rows_drifted: int
    rows_rescued: int

    @property
    def subject(self) -> str:
        return self.uri

    @property
    def key(self) -> str:
        return f"{self.uri}#{self.generation}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BronzeObjectRejected(Fact):
    """A Bronze object as a whole cannot be used; it is kept and reported."""

    TYPE: ClassVar[str] = "bronze.object.rejected.v1"
    uri: str
    generation: int
    code: str
    reason: str
    flow: str | None = None
    rows: int | None = None
    rows_quarantined: int | None = None
    quarantine_uri: str | None = None

    @property
    def subject(self) -> str:
        return self.uri

    @property
    def key(self) -> str:
        return f"{self.uri}#{self.generation}"
