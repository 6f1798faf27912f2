"""The one deploy path, in an order in which nothing speaks to what is not there yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from cli.deploy import computing, messaging, warehouse
from cli.deploy.clients import AdminClients
from ripple.routes import EVENTS, REPOSITORY, service_account, service_name

ROOT = Path(__file__).resolve().parents[2]


def deploy(environ: Mapping[str, str], *, packed: bool = True, tell: Callable[[str], None] = lambda _: None) -> None:
    """Deploy everything in the checkout to the project that `environ` points at. Doing it again changes nothing."""
    clients = AdminClients(environ)
    tell("buckets and topics")
    messaging.make_buckets(clients)
    messaging.make_topics(clients)
    tell("datasets and ledger")
    warehouse.make_datasets(clients)
    warehouse.seed_rescued(clients)
    messaging.make_ledger(clients)
    tell("secrets, spec, Dataform, workflow")
    pepper = warehouse.make_pepper(clients)
    spec = warehouse.upload_spec(clients, ROOT / "pipelines" / "train_repeat_purchase.json")
    warehouse.commit_dataform(clients, ROOT / "dataform")
    warehouse.deploy_workflow(clients, ROOT / "workflows" / "run_elt.yaml", workflow_env(clients))
    tell("jobs and functions")
    shared = dict(environ) | {"PYTHONPATH": str(ROOT)}
    computing.deploy_jobs(clients, ROOT, shared | job_env(clients, pepper))
    uris = computing.deploy_functions(clients, ROOT, shared | function_env(spec), packed)
    tell("subscriptions and triggers")
    messaging.make_subscriptions(clients, uris)
    names = {stage: stage if packed else service_name(stage) for stage in uris}
    computing.make_triggers(clients, names)
    computing.make_ticks(clients, QUICKER)


TUNING = {"GRPC_SINGLE_THREADED_UNARY_STREAM": "1"}
"""gRPC reads a stream in the thread that asks for it: another thread for each costs a fifth of reading a document."""

QUICKER = {"ripple-sweep": "* * * * *"}
"""A sweep costs nothing on a laptop, and nobody waits five minutes at one for what was lost."""


def workflow_env(clients: AdminClients) -> dict[str, str]:
    buckets = {
        f"{name.upper()}_BUCKET": f"{clients.project}-{name}"
        for name in ("bronze", "quarantine", "control", "features")
    }
    return buckets | {
        "DATAFORM_REPOSITORY": REPOSITORY,
        "DATAFORM_SERVICE_ACCOUNT": f"{service_account('dataform')}@{clients.project}.iam.gserviceaccount.com",
        "EVENTS_TOPIC": EVENTS,
    }


def job_env(clients: AdminClients, pepper: str) -> dict[str, str]:
    buckets = {f"{name.upper()}_BUCKET": f"{clients.project}-{name}" for name in ("bronze", "landing", "control")}
    return buckets | {"PEPPER_SECRET": pepper, "FIRESTORE_OPS_PER_SECOND": "50000"}


def function_env(spec: str) -> dict[str, str]:
    """A laptop's runs and jobs cost nothing, so that no cap holds them."""
    return TUNING | {
        "RIPPLE_PIPELINE_SPEC": spec,
        "RIPPLE_TRUTH": "1",
        "RIPPLE_ELT_SETTLE_SECONDS": "2",
        "RIPPLE_ELT_POLL_SECONDS": "0.1",
        "RIPPLE_SWEEP_SETTLED_SECONDS": "10",
        "RIPPLE_ELT_RUNS_PER_HOUR": "0",
        "RIPPLE_TRAINING_JOBS_PER_DAY": "0",
    }
