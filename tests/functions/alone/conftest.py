"""The laptop that all functions of this folder act on: deployed to as always, but for the functions.

Every test runs twice, each on a laptop of its own: with the functions of the checkout, and with those of the bundles, each in
an environment that holds its own requirements only.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from google.cloud.firestore import Client as FirestoreClient

from cli.laptop_control import environment, start_detached
from cli.provisioning import computing, messaging, warehouse
from cli.provisioning.clients import AdminClients
from cli.provisioning.repository import commit_dataform, read_project
from cli.provisioning.sequence import SPEC, function_env, job_env, workflow_env
from laptop.control import read_ports, stop
from tests.bundles.environments import build_environment, write_bundles
from tests.functions.alone.cloud import (
    ROOT,
    Cloud,
    Start,
    function_alone,
    start_from_bundle,
    start_from_checkout,
)

Starting = Callable[[str], Start]


@pytest.fixture(scope="package", params=["checkout", "bundle"])
def starting(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starting]:
    """How a stage's function is started."""
    if request.param == "checkout":
        yield start_from_checkout
        return
    folder = tmp_path_factory.mktemp("bundles")
    manifest = write_bundles(folder)
    with ThreadPoolExecutor(2) as pool:
        building = {
            stage: pool.submit(build_environment, ROOT / bundle["path"], folder / stage)
            for stage, bundle in manifest["stages"].items()
        }
        yield lambda stage: start_from_bundle(stage, building[stage].result())


@pytest.fixture(scope="package")
def cloud(starting: Starting, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    state, before = tmp_path_factory.mktemp("alone"), dict(os.environ)
    try:
        start_detached(state)
        os.environ.update(environ := environment(read_ports(state)))
        clients = AdminClients(environ)
        documents = FirestoreClient(project=clients.project)
        yield Cloud(clients=clients, documents=documents, spec=_deploy_all_but_functions(clients))
    finally:
        os.environ.clear()
        os.environ.update(before)
        stop(state)


def _deploy_all_but_functions(clients: AdminClients) -> str:
    """Where the pipeline's spec is. Subscriptions of the tests' own receive every fact and every dead letter."""
    messaging.make_buckets(clients)
    messaging.make_topics(clients)
    warehouse.make_datasets(clients)
    commit_dataform(clients, read_project(ROOT / "dataform"), "Deploy")
    warehouse.deploy_workflow(clients, ROOT / "workflows" / "run_elt.yaml", workflow_env(clients))
    jobs = {**clients.environ, "PYTHONPATH": str(ROOT)} | job_env(clients, warehouse.make_pepper(clients))
    computing.deploy_jobs(clients, ROOT, jobs)
    parent = f"projects/{clients.project}"
    for name in ("events", "dead-letters"):
        clients.subscriber.create_subscription(
            name=f"{parent}/subscriptions/test-{name}", topic=f"{parent}/topics/ripple-{name}"
        )
    return warehouse.upload_spec(clients, (ROOT / SPEC).read_bytes())


@pytest.fixture(scope="package")
def alone(starting: Starting, cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """`alone(stage)`: the address of the function, started when it is first asked for."""
    logs, addresses = tmp_path_factory.mktemp("logs"), {}
    env = dict(cloud.clients.environ) | function_env(cloud.spec) | {"RIPPLE_ELT_SETTLE_SECONDS": "0"}
    with ExitStack() as stack:

        def start(stage: str) -> str:
            if stage not in addresses:
                addresses[stage] = stack.enter_context(function_alone(starting(stage), env, logs / f"{stage}.log"))
            return addresses[stage]

        yield start
