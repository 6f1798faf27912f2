"""How many units of each price a volume uses in a month. Pure; the figures per file and run are those of `usage.yaml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cli.volume import Volume
from ripple.deployment.routes import STAGES, FactTrigger, FinalizeTrigger

Usage = Mapping[str, Any]
MIB = 2**20
BILLED_TABLE = 10 * MIB
MESSAGE_BYTES = 1000
"""What a message counts at least."""
_PER = {
    "bronze.object.landed.v1": "file",
    "elt.run.started.v1": "run",
    "elt.run.succeeded.v1": "run",
    "training.job.submitted.v1": "training",
    "training.job.finished.v1": "training",
}
"""The facts of a line that goes well, and what each is stated for. Failures, replays and drift are few beside them."""
_VCPU_BY_MIB = {128: 0.083, 256: 0.167, 512: 0.333, 1024: 0.583, 2048: 1.0}
"""What Cloud Run functions give by default: https://cloud.google.com/functions/docs/configuring/memory"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """Units of a price in a month."""

    price: str
    units: float


def count_month(volume: Volume, usage: Usage) -> Iterator[Quantity]:
    """Every quantity of a month; a price may come several times."""
    parts = (_functions, _messages, _documents, _objects, _elt, _training, _generators)
    daily = (quantity for part in parts for quantity in part(volume, usage))
    yield from (Quantity(price=one.price, units=one.units * usage["days_per_month"]) for one in daily)
    yield from _kept(volume, usage)


def count_deployment(usage: Usage) -> Iterator[Quantity]:
    """Builds of a first deployment, and the training of its smoke test."""
    built = usage["deployment"]
    minutes = built["functions"] * built["minutes_per_function"] + built["images"] * built["minutes_per_image"]
    yield Quantity(price="build_minutes", units=minutes)
    yield from _trainings(1, usage)


def count_calls(volume: Volume, usage: Usage) -> dict[str, float]:
    """Calls a day by stage, from the table of routes."""
    calls = dict.fromkeys(STAGES, 0.0)
    for stage in STAGES.values():
        for trigger in stage.triggers:
            if isinstance(trigger, FactTrigger) and trigger.type in _PER:
                calls[stage.name] += _times(trigger.type, volume)
            elif trigger == FinalizeTrigger(bucket="bronze"):
                calls[stage.name] += volume.files_per_day
            elif trigger == FinalizeTrigger(bucket="landing"):
                calls[stage.name] += volume.ticks_per_day
    calls["start_batch"] += volume.ticks_per_day
    calls["sweep"] += usage["sweeps_per_day"]
    return calls


def _times(kind: str, volume: Volume) -> float:
    return {"file": volume.files_per_day, "run": volume.runs_per_day, "training": volume.trainings_per_day}[_PER[kind]]


def _functions(volume: Volume, usage: Usage) -> Iterator[Quantity]:
    for stage, calls in count_calls(volume, usage).items():
        seconds = calls * _seconds_of(stage, usage) + _longer(stage, volume, usage)
        memory = STAGES[stage].memory_mib
        yield Quantity(price="run_requests", units=calls)
        yield Quantity(price="run_cpu", units=seconds * _VCPU_BY_MIB[memory])
        yield Quantity(price="run_memory", units=seconds * memory / 1024)


def _seconds_of(stage: str, usage: Usage) -> float:
    seconds: Mapping[str, float] = usage["function_seconds"]
    return seconds.get(stage, seconds["other"])


def _longer(stage: str, volume: Volume, usage: Usage) -> float:
    """Seconds a day that come with rows and runs: a share of a core takes as much longer as it is smaller than one."""
    if stage == "land_object":
        rows = volume.files_per_day * volume.rows_per_file
        return float(rows * usage["lander_seconds_per_row"] / _VCPU_BY_MIB[STAGES[stage].memory_mib])
    return float(volume.runs_per_day * usage["elt_settle_seconds"]) if stage == "start_elt" else 0.0


def _messages(volume: Volume, usage: Usage) -> Iterator[Quantity]:
    """A message counts when it is published and for each subscription; the ledger's subscription has a price of its own."""
    size = max(usage["message_bytes"], MESSAGE_BYTES)
    facts = sum(_times(kind, volume) for kind in _PER)
    calls = sum(count_calls(volume, usage).values())
    finalized = volume.files_per_day + volume.ticks_per_day
    published = facts + finalized + volume.ticks_per_day + usage["sweeps_per_day"]
    yield Quantity(price="pubsub_messages", units=(published + calls) * size)
    yield Quantity(price="pubsub_bigquery", units=facts * size)


def _documents(volume: Volume, usage: Usage) -> Iterator[Quantity]:
    exported = volume.files_per_day * volume.rows_per_file * volume.document_share
    objects = volume.files_per_day * volume.days_of_history
    swept = usage["sweeps_per_day"] * min(objects, usage["sweep_page"])
    yield Quantity(price="firestore_reads", units=_total("reads", volume, usage) + exported + swept)
    yield Quantity(price="firestore_writes", units=_total("writes", volume, usage))
    yield Quantity(price="firestore_deletes", units=_total("deletes", volume, usage))


def _objects(volume: Volume, usage: Usage) -> Iterator[Quantity]:
    objects = volume.files_per_day * volume.days_of_history
    listed = usage["sweeps_per_day"] * min(objects, usage["sweep_page"]) / 1000
    yield Quantity(price="storage_class_a", units=_total("class_a", volume, usage) + listed)
    yield Quantity(price="storage_class_b", units=_total("class_b", volume, usage))
    yield Quantity(price="logging", units=_total("log_bytes", volume, usage))


def _total(what: str, volume: Volume, usage: Usage) -> float:
    return float(
        volume.files_per_day * usage["per_file"][what]
        + volume.runs_per_day * usage["per_run"][what]
        + usage["sweeps_per_day"] * usage["per_sweep"][what]
    )


def bytes_per_run(volume: Volume, usage: Usage) -> float:
    """What a run bills: each table's least, or what is read if that is more."""
    elt = usage["elt"]
    batch = volume.bytes_per_day / volume.runs_per_day if volume.runs_per_day else 0.0
    read = elt["object_scans"] * batch + elt["table_scans"] * volume.history_bytes
    return float(max(elt["tables"] * BILLED_TABLE, read))


def _elt(volume: Volume, usage: Usage) -> Iterator[Quantity]:
    yield Quantity(price="workflows_steps", units=volume.runs_per_day * usage["workflow_steps_per_run"])
    yield Quantity(price="bigquery_analysis", units=volume.runs_per_day * bytes_per_run(volume, usage))


def _training(volume: Volume, usage: Usage) -> Iterator[Quantity]:
    yield from _trainings(volume.trainings_per_day, usage)


def _trainings(count: float, usage: Usage) -> Iterator[Quantity]:
    seconds = usage["training"]["tasks"] * usage["training"]["seconds_per_task"]
    yield Quantity(price="vertex_runs", units=count)
    yield Quantity(price="vertex_machine", units=count * seconds)


def _generators(volume: Volume, usage: Usage) -> Iterator[Quantity]:
    """Simulated flows only: a live shop has none of these."""
    made = usage["generator"]
    rows = volume.files_per_day * volume.rows_per_file
    seconds = volume.ticks_per_day * 3 * made["seconds_at_least"] + rows / made["rows_per_second"]
    yield Quantity(price="job_cpu", units=seconds * made["vcpu"])
    yield Quantity(price="job_memory", units=seconds * made["gib"])


def _kept(volume: Volume, usage: Usage) -> Iterator[Quantity]:
    """What is there all month."""
    objects = volume.files_per_day * volume.days_of_history
    tables = volume.history_bytes * usage["elt"]["table_bytes_per_bronze_byte"]
    yield Quantity(price="storage_bytes", units=volume.history_bytes + usage["bundles_bytes"])
    yield Quantity(price="bigquery_storage", units=tables)
    yield Quantity(price="firestore_storage", units=objects * 2000)
    yield Quantity(price="registry_storage", units=usage["images_bytes"])
    yield Quantity(price="scheduler_jobs", units=usage["scheduler_jobs"])
    yield Quantity(price="secret_versions", units=usage["secret_versions"])
