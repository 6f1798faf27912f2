"""The facts that Ripple's stages state, and how a fact travels on Pub/Sub as a CloudEvent.

Every event is a frozen record; its class says its type, its subject and what makes its id deterministic, so that a
retried handler states the same fact and not a second one. The catalogue page is generated from these classes.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import json
import re
import types
import typing
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from ripple.errors import PermanentError
from ripple.limits import TEXT_BYTES, fit_header, is_name

_BATCH = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What all events share: a type, a subject and a key that makes the id deterministic."""

    TYPE: ClassVar[str]
    NAMES: ClassVar[tuple[str, ...]] = ()
    """Fields that become part of a document's id, an object's name or a label."""

    @property
    def subject(self) -> str:
        raise NotImplementedError

    @property
    def key(self) -> str:
        return self.subject

    @property
    def id(self) -> str:
        return f"{self.TYPE}/{self.key}"

    def data(self) -> dict[str, Any]:
        """The payload, without fields that are None."""
        return {name: value for name, value in dataclasses.asdict(self).items() if value is not None}

    @classmethod
    def from_data(cls, data: object) -> Self:
        """Read a payload; unknown fields are ignored (an additive change), all wrong ones are named together."""
        if not isinstance(data, Mapping):
            raise PermanentError("event_malformed", f"the data of {cls.TYPE} is not a JSON object")
        hints = _hints_of(typing.cast(Hashable, cls))
        fields = dataclasses.fields(cls)
        wrong = [f.name for f in fields if not _fits(data.get(f.name), hints[f.name], _is_optional(f))]
        wrong += [name for name in cls.NAMES if name not in wrong and not is_name(data[name])]
        if wrong:
            raise PermanentError("event_malformed", f"{cls.TYPE}: wrong or missing: {', '.join(wrong)}", fields=wrong)
        return cls(**{f.name: _frozen(data[f.name]) for f in fields if data.get(f.name) is not None})


@functools.cache
def _hints_of(fact: Hashable) -> Mapping[str, Any]:
    return typing.get_type_hints(fact)


def _is_optional(field: dataclasses.Field[Any]) -> bool:
    return field.default is None


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_int64(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value.encode("utf-8", "surrogatepass")) <= TEXT_BYTES


_PLAIN: Mapping[Any, Callable[[object], bool]] = {float: _is_number, int: _is_int64, str: _is_text}


def _fits(value: object, hint: Any, optional: bool) -> bool:
    if value is None:
        return optional
    if isinstance(hint, types.UnionType):
        hint = next(arm for arm in typing.get_args(hint) if arm is not type(None))
    if hint in _PLAIN:
        return _PLAIN[hint](value)
    origin, arms = typing.get_origin(hint), typing.get_args(hint)
    if origin is Sequence:
        return isinstance(value, list | tuple) and all(_fits(item, arms[0], False) for item in value)
    if origin is Mapping:
        return isinstance(value, Mapping) and all(_fits(item, arms[1], False) for item in value.values())
    return hint is Any or isinstance(value, hint)


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
class SalesSliceExported(Fact):
    """One slice of an export lies in Bronze as Parquet. Rows are documents read, quarantined ones included."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class EltRunStarted(Fact):
    """A batch of claimed files was handed to one workflow execution."""

    TYPE: ClassVar[str] = "elt.run.started.v1"
    batch: int
    epoch: int
    flows: Sequence[str]
    files: int
    execution: str

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayRunPlanned(Fact):
    """What a replay command fires and changes, in words; a dry run ends here, a run confirms it and goes on."""

    TYPE: ClassVar[str] = "replay.run.planned.v1"
    replay_id: str
    kind: str
    dry_run: bool
    targets: Sequence[str]
    fires: Sequence[str]
    tables: Sequence[str]
    words: Sequence[str]

    @property
    def subject(self) -> str:
        return self.replay_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayRunStarted(Fact):
    """Something runs again, by a person or by `sweep`: objects, a sales manifest, an ELT batch, its training, or dead letters."""

    TYPE: ClassVar[str] = "replay.run.started.v1"
    NAMES: ClassVar[tuple[str, ...]] = ("replay_id",)
    replay_id: str
    kind: str
    targets: Sequence[str]

    @property
    def subject(self) -> str:
        return self.replay_id

    def batches(self) -> list[int]:
        """The numbers that a replay of batches or of training names; PermanentError for anything else."""
        if not all(_BATCH.fullmatch(target) for target in self.targets):
            raise PermanentError("event_malformed", f"a {self.kind} replay names numbers, not {self.targets!r:.200}")
        return [int(target) for target in self.targets]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStalled(Fact):
    """An expected fact did not come within its stage's promise."""

    TYPE: ClassVar[str] = "run.stalled.v1"
    stalled: str
    expected: str
    of: str
    since: str
    reason: str

    @property
    def subject(self) -> str:
        return self.stalled

    @property
    def key(self) -> str:
        return f"{self.stalled}/{self.expected}/{self.since}"


CATALOGUE: Mapping[str, type[Fact]] = {fact.TYPE: fact for fact in Fact.__subclasses__()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A fact with its CloudEvent context. `time` is UTC; `correlation_id` is the batch or replay that began it.

    `replay_of` is the correlation id of the line that a replay tells again.
    """

    fact: Fact
    source: str
    time: dt.datetime
    correlation_id: str
    causation_id: str
    traceparent: str | None = None
    replay_of: str | None = None

    def attributes(self) -> dict[str, str]:
        """Pub/Sub message attributes that an unwrapped push turns into a CloudEvent in HTTP binary mode."""
        named = {
            "ce-specversion": "1.0",
            "ce-id": self.fact.id,
            "ce-type": self.fact.TYPE,
            "ce-source": self.source,
            "ce-subject": self.fact.subject,
            "ce-time": self.time.astimezone(dt.UTC).isoformat().replace("+00:00", "Z"),
            "ce-correlationid": self.correlation_id,
            "ce-causationid": self.causation_id,
            "content-type": "application/json",
        }
        optional = {"ce-traceparent": self.traceparent, "ce-replayof": self.replay_of}
        named |= {name: value for name, value in optional.items() if value}
        return {name: fit_header(value) for name, value in named.items()}

    def body(self) -> bytes:
        """The message data: the fact's payload as JSON."""
        return json.dumps(self.fact.data(), separators=(",", ":"), sort_keys=True).encode()


def decode_fact(type_name: str, data: object) -> Fact:
    """The fact of a CloudEvent type and its decoded JSON data; PermanentError if either is unknown or wrong."""
    fact = CATALOGUE.get(type_name)
    if fact is None:
        raise PermanentError("event_unknown", f"no event of type {type_name!r} is in the catalogue")
    return fact.from_data(data)
