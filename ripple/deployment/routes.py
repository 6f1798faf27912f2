"""The choreography on one screen: which function reacts to what. Deployment, laptop, docs and console derive from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FINALIZED = "google.cloud.storage.object.v1.finalized"
MESSAGE_PUBLISHED = "google.cloud.pubsub.topic.v1.messagePublished"

BUCKETS = ("landing", "bronze", "checked", "quarantine", "control", "features", "models")
EVENTS = "ripple-events"
TICKS = "ripple-ticks"
REPLAYS = "ripple-replays"
DEAD_LETTERS = "ripple-dead-letters"
TOPICS = (EVENTS, TICKS, REPLAYS, DEAD_LETTERS)
DATASETS = ("bronze", "staging", "silver", "features", "gold", "ops")
REPOSITORY = "ripple"
WORKFLOW = "run_elt"
PEPPER = "ripple-pepper"


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalizeTrigger:
    """A new object in a bucket, through Eventarc."""

    bucket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FactTrigger:
    """A fact on `ripple-events`, through a push subscription filtered by its type."""

    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandTrigger:
    """A message on a command topic, wrapped; `kind` is the attribute that the subscription filters on."""

    topic: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRoute:
    """One function: what it reacts to and states, seconds it may take, mebibytes it may use, most instances at once.

    An instance takes one request at a time, so that what one may use of memory is what the instance has.
    """

    name: str
    triggers: tuple[FinalizeTrigger | FactTrigger | CommandTrigger, ...]
    states: tuple[str, ...]
    timeout_seconds: int = 540
    memory_mib: int = 512
    max_instances: int = 10
    concurrency: int = 1

    @property
    def ack_deadline_seconds(self) -> int:
        """Longer than a handler may take, so that no second delivery works beside the first; Pub/Sub allows 600."""
        return min(self.timeout_seconds + 30, 600)


STAGES: Mapping[str, StageRoute] = {
    stage.name: stage
    for stage in (
        StageRoute(
            name="start_batch",
            triggers=(CommandTrigger(topic=TICKS, kind="batch"),),
            states=("batch.run.started.v1", "sales.export.requested.v1"),
            max_instances=2,
        ),
        StageRoute(
            name="export_sales",
            triggers=(
                FinalizeTrigger(bucket="landing"),
                FactTrigger(type="sales.export.requested.v1"),
                FactTrigger(type="sales.slice.requested.v1"),
                FactTrigger(type="replay.run.started.v1"),
            ),
            states=("sales.slice.requested.v1", "sales.slice.exported.v1", "sales.export.finished.v1"),
            memory_mib=1024,
        ),
        StageRoute(
            name="land_object",
            triggers=(FinalizeTrigger(bucket="bronze"), FactTrigger(type="replay.run.started.v1")),
            states=("bronze.object.landed.v1", "bronze.object.rejected.v1", "bronze.contract.drifted.v1"),
        ),
        StageRoute(
            name="start_elt",
            triggers=(
                FactTrigger(type="bronze.object.landed.v1"),
                FactTrigger(type="elt.run.succeeded.v1"),
                FactTrigger(type="elt.part.succeeded.v1"),
                FactTrigger(type="elt.run.failed.v1"),
                FactTrigger(type="replay.run.started.v1"),
            ),
            states=("elt.run.started.v1", "bronze.objects.parked.v1", "run.stalled.v1"),
            timeout_seconds=120,
            # Most of its time it waits for more files to come.
            concurrency=4,
        ),
        StageRoute(
            name="start_training",
            triggers=(
                FactTrigger(type="elt.run.succeeded.v1"),
                FactTrigger(type="replay.run.started.v1"),
                FactTrigger(type="training.job.finished.v1"),
            ),
            states=("training.job.submitted.v1",),
            timeout_seconds=120,
        ),
        StageRoute(
            name="replay",
            triggers=(CommandTrigger(topic=REPLAYS, kind="replay"),),
            states=("replay.run.planned.v1", "replay.run.started.v1"),
            timeout_seconds=120,
        ),
        StageRoute(
            name="sweep",
            triggers=(CommandTrigger(topic=TICKS, kind="sweep"),),
            states=(
                "run.stalled.v1",
                "replay.run.started.v1",
                "sales.slice.requested.v1",
                "elt.run.failed.v1",
                "training.job.finished.v1",
            ),
            timeout_seconds=300,
        ),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPolicy:
    """How Pub/Sub tries to deliver: seconds it keeps a message and waits between attempts; attempts before it is a dead letter."""

    retention_seconds: int
    minimum_backoff_seconds: int = 1
    maximum_backoff_seconds: int = 600
    attempts: int | None


PUSH = DeliveryPolicy(retention_seconds=7 * 86400, attempts=20)


STATED_ELSEWHERE: Mapping[str, tuple[str, ...]] = {
    "workflows/run_elt": ("elt.run.succeeded.v1", "elt.part.succeeded.v1", "elt.run.failed.v1"),
    "pipelines/train_repeat_purchase": ("training.job.finished.v1",),
}
"""Facts that no function states at first hand."""


def subscription_name(stage: str, trigger: FactTrigger | CommandTrigger) -> str:
    """The push subscription that brings `trigger` to `stage`: `land-object--replay-run-started-v1`."""
    what = trigger.type if isinstance(trigger, FactTrigger) else f"{trigger.topic}-{trigger.kind}"
    return f"{stage}--{what}".replace("_", "-").replace(".", "-")


def filter_of(trigger: FactTrigger | CommandTrigger) -> str:
    """The Pub/Sub filter of a trigger's subscription."""
    if isinstance(trigger, FactTrigger):
        return f'attributes.ce-type = "{trigger.type}"'
    return f'attributes.kind = "{trigger.kind}"'


def service_name(stage: str) -> str:
    """The function of a stage, as Cloud Run names it: `start-batch`."""
    return stage.replace("_", "-")


def service_account(part: str) -> str:
    """The identity of a part, `ripple-start-batch` or `ripple-run-elt`: an account id has 6 to 30 characters."""
    return f"ripple-{service_name(part)}"


def caller(stage: str) -> str:
    """The identity by which Pub/Sub and Eventarc call a stage, and nothing else."""
    return service_account(f"call_{stage}")
