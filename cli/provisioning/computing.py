"""Functions as services, generators as jobs, Eventarc triggers, and the clock's ticks."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from google.api_core.exceptions import AlreadyExists, Conflict, NotFound
from google.cloud import eventarc_v1, run_v2, scheduler_v1

from cli.provisioning.clients import AdminClients
from cli.provisioning.persisting import CALL_SECONDS
from ripple.deployment.parts import Tick, list_jobs, list_ticks
from ripple.deployment.routes import FINALIZED, STAGES, TICKS, FinalizeTrigger, caller, service_name


def deploy_functions(
    clients: AdminClients, root: Path, env: Mapping[str, str], packed: bool, stages: Collection[str]
) -> dict[str, str]:
    """Each of `stages` as a service; `{stage: uri}`. Packed, they share one process; else each has its own."""

    def deploy(stage: str) -> tuple[str, str]:
        container = {
            "image": f"ripple/{stage}",
            "command": ["python", "-m", "functions_framework"],
            "working_dir": str(root),
            "env": _env({**env, "FUNCTION_TARGET": stage, "FUNCTION_SOURCE": f"functions/{stage}/main.py"}),
        }
        annotations = {"laptop/process": "functions"} if packed else {}
        service = run_v2.Service(template={"containers": [container]}, annotations=annotations)
        return stage, _deploy_service(clients, service_name(stage) if not packed else stage, service)

    with ThreadPoolExecutor(len(STAGES)) as pool:
        return dict(pool.map(deploy, stages))


def _deploy_service(clients: AdminClients, name: str, service: run_v2.Service) -> str:
    full = f"{clients.parent}/services/{name}"
    try:
        clients.services.get_service(name=full)
    except NotFound:
        request = run_v2.CreateServiceRequest(parent=clients.parent, service=service, service_id=name)
        return str(clients.services.create_service(request=request, timeout=CALL_SECONDS).result().uri)  # type: ignore[no-untyped-call]
    service.name = full
    return str(clients.services.update_service(service=service, timeout=CALL_SECONDS).result().uri)  # type: ignore[no-untyped-call]


def make_triggers(clients: AdminClients, services: Mapping[str, str]) -> None:
    """Eventarc brings finalize events of a bucket to its stage; `services` maps a stage to its service's name."""
    for stage in (STAGES[name] for name in services):
        for trigger in stage.triggers:
            if isinstance(trigger, FinalizeTrigger):
                _make_trigger(clients, services[stage.name], stage.name, trigger)


def _make_trigger(clients: AdminClients, service: str, stage: str, trigger: FinalizeTrigger) -> None:
    wanted = eventarc_v1.Trigger(
        name=f"{clients.parent}/triggers/{service_name(stage)}--{trigger.bucket}",
        event_filters=[
            {"attribute": "type", "value": FINALIZED},
            {"attribute": "bucket", "value": f"{clients.project}-{trigger.bucket}"},
        ],
        destination={"cloud_run": {"service": service, "region": clients.location}},
        service_account=f"{caller(stage)}@{clients.project}.iam.gserviceaccount.com",
    )
    try:
        clients.eventarc.create_trigger(
            parent=clients.parent, trigger=wanted, trigger_id=f"{service_name(stage)}--{trigger.bucket}"
        )
    except (AlreadyExists, Conflict):
        return


def deploy_jobs(clients: AdminClients, root: Path, env: Mapping[str, str]) -> None:
    """One Cloud Run job for each flow whose rows are simulated."""
    for flow, wanted in list_jobs().items():
        container = {
            "image": "ripple/generators",
            "command": ["python", "-m", f"generators.{flow}"],
            "working_dir": str(root),
            "env": _env(env),
        }
        task = {"containers": [container], "max_retries": wanted.retries}
        job = run_v2.Job(template={"task_count": wanted.tasks, "template": task})
        try:
            clients.jobs.create_job(
                request=run_v2.CreateJobRequest(parent=clients.parent, job=job, job_id=wanted.name)
            ).result()  # type: ignore[no-untyped-call]
        except (AlreadyExists, Conflict):
            job.name = f"{clients.parent}/jobs/{wanted.name}"
            clients.jobs.update_job(job=job).result()  # type: ignore[no-untyped-call]


def make_ticks(clients: AdminClients, quicker: Mapping[str, str]) -> None:
    """Every tick of the schedule, paused if it starts so; `quicker` maps a tick's name to a cron expression of this deployment's own."""
    for tick in list_ticks():
        _make_tick(clients, tick, quicker.get(tick.name, tick.schedule))


def _make_tick(clients: AdminClients, tick: Tick, schedule: str) -> None:
    target = {
        "topic_name": f"projects/{clients.project}/topics/{TICKS}",
        "data": json.dumps(dict(tick.body)).encode(),
        "attributes": {"kind": tick.kind},
    }
    full = f"{clients.parent}/jobs/{tick.name}"
    job = scheduler_v1.Job(name=full, schedule=schedule, time_zone="Etc/UTC", pubsub_target=target)
    with suppress(AlreadyExists, Conflict):
        clients.scheduler.create_job(parent=clients.parent, job=job)
    if tick.starts_paused:
        clients.scheduler.pause_job(name=full)


def _env(env: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in sorted(env.items())]
