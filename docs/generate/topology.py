"""`infra/topology.json` and example values: what Terraform makes of the routes, in maps by the names that the resources get."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ripple.deployment.parts import LEDGERS, GeneratorJob, Ledger, Tick, list_jobs, list_ticks
from ripple.deployment.routes import (
    BUCKETS,
    DATASETS,
    DEAD_LETTERS,
    EVENTS,
    FINALIZED,
    PEPPER,
    PUSH,
    REPLAYS,
    REPOSITORY,
    STAGES,
    TICKS,
    TOPICS,
    WORKFLOW,
    CommandTrigger,
    DeliveryPolicy,
    FactTrigger,
    FinalizeTrigger,
    StageRoute,
    caller,
    filter_of,
    service_account,
    service_name,
    subscription_name,
)


def describe_example_bundles() -> dict[str, Any]:
    """Values of the variable `bundles` by which an environment can be planned before anything was built."""
    zeros = "0" * 64
    return {"bundles": {name: {"path": f"build/bundles/{name}-{zeros[:16]}.zip", "sha256": zeros} for name in STAGES}}


def describe_topology() -> dict[str, Any]:
    """The whole document, ready for JSON. Durations are in seconds, memory in mebibytes."""
    return {
        "buckets": list(BUCKETS),
        "topics": list(TOPICS),
        "events_topic": EVENTS,
        "ticks_topic": TICKS,
        "replays_topic": REPLAYS,
        "dead_letters_topic": DEAD_LETTERS,
        "datasets": list(DATASETS),
        "dataform_repository": REPOSITORY,
        "workflow": WORKFLOW,
        "pepper": PEPPER,
        "stages": {name: _describe_stage(stage) for name, stage in STAGES.items()},
        "ledgers": {ledger.subscription: _describe_ledger(ledger) for ledger in LEDGERS},
        "jobs": {job.name: _describe_job(job) for job in list_jobs().values()},
        "ticks": {tick.name: _describe_tick(tick) for tick in list_ticks()},
    }


def _describe_stage(stage: StageRoute) -> dict[str, Any]:
    return {
        "service": service_name(stage.name),
        "service_account": service_account(stage.name),
        "caller": caller(stage.name),
        "timeout_seconds": stage.timeout_seconds,
        "memory_mib": stage.memory_mib,
        "max_instances": stage.max_instances,
        "concurrency": stage.concurrency,
        "receives": sorted(trigger.type for trigger in stage.triggers if isinstance(trigger, FactTrigger)),
        "states": list(stage.states),
        "triggers": _describe_triggers(stage),
        "subscriptions": _describe_subscriptions(stage),
    }


def _describe_triggers(stage: StageRoute) -> dict[str, Any]:
    """Eventarc's, by name."""
    return {
        f"{service_name(stage.name)}--{trigger.bucket}": {"bucket": trigger.bucket, "event_type": FINALIZED}
        for trigger in stage.triggers
        if isinstance(trigger, FinalizeTrigger)
    }


def _describe_subscriptions(stage: StageRoute) -> dict[str, Any]:
    return {
        subscription_name(stage.name, trigger): _describe_subscription(stage, trigger)
        for trigger in stage.triggers
        if isinstance(trigger, FactTrigger | CommandTrigger)
    }


def _describe_subscription(stage: StageRoute, trigger: FactTrigger | CommandTrigger) -> dict[str, Any]:
    """A fact is pushed unwrapped, as a CloudEvent in binary mode; a command with its envelope."""
    return _describe_delivery(PUSH) | {
        "topic": trigger.topic if isinstance(trigger, CommandTrigger) else EVENTS,
        "filter": filter_of(trigger),
        "unwrapped": isinstance(trigger, FactTrigger),
        "ack_deadline_seconds": stage.ack_deadline_seconds,
    }


def _describe_delivery(delivery: DeliveryPolicy) -> dict[str, int | None]:
    return {
        "retention_seconds": delivery.retention_seconds,
        "minimum_backoff_seconds": delivery.minimum_backoff_seconds,
        "maximum_backoff_seconds": delivery.maximum_backoff_seconds,
        "attempts": delivery.attempts,
    }


def _describe_ledger(ledger: Ledger) -> dict[str, Any]:
    columns: Mapping[str, str] = ledger.columns
    names = {"topic": ledger.topic, "table": ledger.table, "columns": [[name, columns[name]] for name in columns]}
    return _describe_delivery(ledger.delivery) | names


def _describe_job(job: GeneratorJob) -> dict[str, Any]:
    return {
        "flow": job.flow,
        "service_account": service_account(job.name),
        "needs_pepper": job.needs_pepper,
        "tasks": job.tasks,
        "memory_mib": job.memory_mib,
        "timeout_seconds": job.timeout_seconds,
        "retries": job.retries,
    }


def _describe_tick(tick: Tick) -> dict[str, Any]:
    return {
        "topic": TICKS,
        "schedule": tick.schedule,
        "time_zone": "Etc/UTC",
        "kind": tick.kind,
        "body": dict(tick.body),
        "starts_paused": tick.starts_paused,
    }
