"""Decide what a replay does from what the world holds: one function a kind. Pure; the words here are the only ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ripple.deployment.tables import list_written
from ripple.errors import PermanentError
from ripple.replaying.plan import Firing, ReplayPlan
from ripple.state.batches import BATCHES, BatchRecord
from ripple.state.files import PARKED, FileRecord
from ripple.state.head import Head
from ripple.state.trainings import TrainingRecord

STARTED = Firing(type="replay.run.started.v1", about="this replay")
_SHOWN_GONE = 5
_UNCHANGED = "the same unless the SQL changed since"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One object: whether it is there, its record in `files` if it has one, whether it is a manifest in landing."""

    uri: str
    exists: bool
    file: FileRecord | None = None
    is_manifest: bool = False

    @property
    def state(self) -> str:
        if not self.exists:
            return "missing"
        if self.file is not None and self.file.state == "landed" and self.file.batch == PARKED:
            return "parked"
        return "manifest" if self.is_manifest else (self.file.state if self.file else "new")

    @property
    def line(self) -> str:
        return self.file.correlation_id if self.file else self.uri


def plan_objects(title: str, objects: Sequence[Known], head: Head) -> ReplayPlan:
    """Landed objects are announced again, rejected and new ones are checked; what lands joins the next batch."""
    there = [known for known in objects if known.exists]
    if not there:
        raise PermanentError(
            "replay_empty", "no object matches this replay", "check the URI, or the flow and the dates"
        )
    may_land = any(known.state in _MAY_LAND for known in there)
    run = Firing(type="elt.run.started.v1", about=_next(head), condition=_IF_LANDED, certain=False)
    return ReplayPlan(
        kind="object",
        title=f"{title}: {_count(len(there), 'object')}",
        targets=tuple(known.uri for known in there),
        fires=(
            STARTED,
            *map(_announce, sorted(there, key=lambda known: _ORDER.index(known.state))),
            *([run] if may_land else []),
        ),
        tables=list_written() if may_land else (),
        writing=f"the rows of what lands, as part of {_next(head)}",
        notes=tuple(_note_exceptions(objects)),
        lines=frozenset(known.line for known in there),
    )


def _note_exceptions(objects: Sequence[Known]) -> list[str]:
    notes = [f"{known.uri} does not exist: it is left out" for known in objects if not known.exists]
    landed = sum(known.state == "landed" for known in objects)
    if landed:
        notes.append(f"{_count(landed, 'object')} landed already: announced again, nothing else happens to them")
    return notes


_MAY_LAND = ("new", "claimed", "rejected", "parked")
_ORDER = ("landed", "parked", "new", "claimed", "rejected", "manifest")
_IF_LANDED = "if anything of this lands: what follows is an ELT run as for any file"


def _announce(known: Known) -> Firing:
    if known.state == "landed":
        return Firing(type="bronze.object.landed.v1", about=known.uri, condition="the same fact as before")
    if known.state == "parked":
        condition = "it was parked: it joins the next batch"
        return Firing(type="bronze.object.landed.v1", about=known.uri, condition=condition)
    if known.state == "rejected":
        condition = "checked again: or bronze.object.landed.v1, if it is taken by now"
        return Firing(type="bronze.object.rejected.v1", about=known.uri, condition=condition, certain=False)
    if known.state == "manifest":
        condition = "the objects that are in Bronze already stay as they are"
        return Firing(type="sales.export.finished.v1", about=known.uri, condition=condition, certain=False)
    condition = "never landed so far: or bronze.object.rejected.v1, as its contract says"
    return Firing(type="bronze.object.landed.v1", about=known.uri, condition=condition, certain=False)


def _next(head: Head) -> str:
    return BATCHES.path(head.next)


def plan_batch(
    number: int,
    head: Head,
    batch: BatchRecord | None,
    training: TrainingRecord | None,
    later: int | None,
    rest: str = "",
    gone: Sequence[str] = (),
) -> ReplayPlan:
    """The claimed set runs again under a new epoch, after what runs now; a parked batch is released. `rest` is why it waits.

    PermanentError where one of its objects is `gone`: a run would take away what it cannot bring back.
    """
    if batch is None:
        raise PermanentError("batch_unknown", f"there is no batch {number}", "see `ripple runs`")
    title = f"replay of batch {number}: {_count(batch.files, 'file')} of {', '.join(batch.flows)}"
    if head.run is not None and head.run.batch == number:
        return ReplayPlan(
            kind="batch", title=title, notes=(f"batch {number} is running now: this replay adds nothing",)
        )
    if number in head.replays:
        why = f": {rest}" if rest else ""
        return ReplayPlan(kind="batch", title=title, notes=(f"batch {number} waits to run again already{why}",))
    if number in head.incidents:
        why = f"batch {number} failed and runs in parts, to find the file that it fails of: it goes on by itself"
        return ReplayPlan(kind="batch", title=title, notes=(why,))
    if gone:
        raise PermanentError("object_missing", f"{title}: {_describe_gone(gone)}", "put the objects back, or leave it")
    subject = BATCHES.path(number)
    trained, note = _plan_training_after(training, later)
    return ReplayPlan(
        kind="batch",
        title=title,
        targets=(str(number),),
        fires=(
            STARTED,
            Firing(type="elt.run.started.v1", about=subject),
            Firing(type="elt.run.succeeded.v1", about=subject, condition="or elt.run.failed.v1, where its SQL fails"),
            *trained,
        ),
        tables=list_written(),
        writing=f"the rows of batch {number}, in gold all rows, {_UNCHANGED}",
        notes=(*_describe_wait(number, head, batch, rest), *note),
        lines=frozenset([batch.correlation_id]),
    )


def _describe_gone(gone: Sequence[str]) -> str:
    some = ", ".join(gone[:_SHOWN_GONE]) + (", ..." if len(gone) > _SHOWN_GONE else "")
    return f"{_count(len(gone), 'object')} of it cannot be read any more, so that nothing was touched: {some}"


def _describe_wait(number: int, head: Head, batch: BatchRecord, rest: str) -> list[str]:
    notes = []
    if batch.state == "parked":
        notes.append(f"batch {number} is parked after {batch.attempts} failures ({batch.reason}): it is released")
    if batch.parked:
        notes.append(
            f"{_count(batch.parked, 'file')} of it left it and may be parked still: what is joins the next batch"
        )
    if head.run is not None:
        notes.append(f"batch {head.run.batch} is running now: this replay waits for it")
    if rest:
        notes.append(f"this replay waits: {rest}")
    return notes


def _plan_training_after(training: TrainingRecord | None, later: int | None) -> tuple[list[Firing], list[str]]:
    if training is not None and training.train:
        condition = "the job that is there: nothing is trained twice, unless dataset or pipeline changed"
        return [Firing(type="training.job.submitted.v1", about=str(training.job), condition=condition)], []
    if later is not None:
        return [], [f"no training follows: batch {later} has a newer dataset"]
    condition = "if its dataset is the newest and holds a full label window"
    return [Firing(type="training.job.submitted.v1", about="a new job", condition=condition, certain=False)], []


def plan_resume(flow: str, head: Head) -> ReplayPlan:
    """The SQL of a flow that is held is tried now; its files go on if that passes."""
    title = f"resume of flow {flow}"
    held = next((one for one in head.holds if one.flow == flow), None)
    if held is None:
        return ReplayPlan(kind="resume", title=title, notes=(f"flow {flow} is not held: nothing waits for this",))
    return ReplayPlan(
        kind="resume",
        title=title,
        targets=(flow,),
        fires=(STARTED, Firing(type="elt.run.started.v1", about=f"a trial of {flow}")),
        tables=list_written(),
        writing=f"if the trial passes, the rows of {flow} that wait since {held.since:%Y-%m-%dT%H:%M:%SZ}",
        notes=(
            f"it is held as its SQL fails whatever the files are ({held.reason}); if it fails again, it is held again",
        ),
    )


def plan_training(number: int, training: TrainingRecord | None, line: str) -> ReplayPlan:
    """The batch's dataset is trained on under the next attempt, unless a job is under way."""
    if training is None:
        raise PermanentError("batch_unknown", f"no ELT run of batch {number} has succeeded", "see `ripple runs`")
    title = f"replay of the training of batch {number}: dataset {training.run.dataset_version}"
    if training.is_under_way:
        note = f"job {training.job} is under way for this dataset: this replay joins it"
        return ReplayPlan(kind="training", title=title, notes=(note,))
    # One that was never submitted counts as the first: `start_training` counts so too.
    about = f"attempt {(training.attempts or 1) + 1} on batch {number}"
    return ReplayPlan(
        kind="training",
        title=title,
        targets=(str(number),),
        fires=(
            STARTED,
            Firing(type="training.job.submitted.v1", about=about),
            Firing(type="training.job.finished.v1", about=about, condition="when the job ends"),
        ),
        lines=frozenset([line]),
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
