"""The one deploy path, in an order in which nothing calls what is not there yet."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from cli.provisioning import computing, messaging, repository, warehouse
from cli.provisioning.clients import AdminClients
from cli.provisioning.persisting import persist
from ripple.deployment.routes import EVENTS, REPOSITORY, STAGES, WORKFLOW, service_account, service_name

ROOT = Path(__file__).resolve().parents[2]
SPEC = Path("pipelines") / "train_repeat_purchase.json"
JOBS = "generators"
PARTS = (WORKFLOW, JOBS, *STAGES)
"""What can be deployed apart from the rest: the workflow, the generator jobs, each function."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCode:
    """What is deployed: a checkout's root, the uploaded spec's URI, whether functions share a process, the release it is of."""

    root: Path
    spec: str
    packed: bool
    release: str = ""


def deploy(
    environ: Mapping[str, str],
    root: Path = ROOT,
    *,
    packed: bool = True,
    report: Callable[[str], None] = lambda _: None,
) -> None:
    """Deploy everything in the checkout to the project that `environ` points at. Doing it again changes nothing."""
    clients = AdminClients(environ)
    report("buckets, topics, datasets, ledger")
    persist(lambda: lay_foundation(clients))
    report("spec, Dataform")
    spec = persist(lambda: warehouse.upload_spec(clients, (root / SPEC).read_bytes()))
    project = repository.read_project(root / "dataform")
    persist(lambda: repository.commit_dataform(clients, project, "Deploy the working tree"))
    report("workflow, jobs and functions")
    persist(lambda: deploy_parts(clients, ReleaseCode(root=root, spec=spec, packed=packed), PARTS))


def lay_foundation(clients: AdminClients) -> None:
    """What holds data and messages, and the pepper: all that code needs to be there."""
    messaging.make_buckets(clients)
    messaging.make_topics(clients)
    warehouse.make_datasets(clients)
    messaging.make_ledger(clients)
    warehouse.make_pepper(clients)


def deploy_parts(clients: AdminClients, code: ReleaseCode, parts: Collection[str]) -> None:
    """Those of PARTS, each with the subscriptions and triggers that bring events to it."""
    shared = dict(clients.environ) | {"PYTHONPATH": str(code.root)}
    if WORKFLOW in parts:
        warehouse.deploy_workflow(clients, code.root / "workflows" / "run_elt.yaml", workflow_env(clients))
    if JOBS in parts:
        computing.deploy_jobs(clients, code.root, shared | job_env(clients, warehouse.make_pepper(clients)))
    stages = [stage for stage in STAGES if stage in parts]
    env = shared | function_env(code.spec) | ({"RIPPLE_RELEASE": code.release} if code.release else {})
    uris = computing.deploy_functions(clients, code.root, env, code.packed, stages)
    messaging.make_subscriptions(clients, uris)
    computing.make_triggers(clients, {stage: name_of(stage, code.packed) for stage in stages})
    computing.make_ticks(clients, QUICKER)


def name_of(stage: str, packed: bool) -> str:
    """The name of a stage's service; packed ones are mounted by it."""
    return stage if packed else service_name(stage)


TUNING = {"GRPC_SINGLE_THREADED_UNARY_STREAM": "1"}
"""gRPC reads a stream in the thread that asks for it: another thread for each costs a fifth of reading a document."""

QUICKER = {"ripple-sweep": "* * * * *"}
"""A sweep costs nothing on a laptop, and nobody waits five minutes at one for what was lost."""


def workflow_env(clients: AdminClients) -> dict[str, str]:
    buckets = {
        f"{name.upper()}_BUCKET": f"{clients.project}-{name}"
        for name in ("checked", "quarantine", "control", "features")
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
    """A laptop's runs and jobs cost nothing, so that no cap holds them; its ticks simulate months to come."""
    return TUNING | {
        "RIPPLE_PIPELINE_SPEC": spec,
        "RIPPLE_TRUTH": "1",
        "RIPPLE_EVENT_SLACK_DAYS": "400",
        "RIPPLE_ELT_SETTLE_SECONDS": "2",
        "RIPPLE_ELT_POLL_SECONDS": "0.1",
        "RIPPLE_SWEEP_SETTLED_SECONDS": "10",
        "RIPPLE_ELT_RUNS_PER_HOUR": "0",
        "RIPPLE_TRAINING_JOBS_PER_DAY": "0",
    }
