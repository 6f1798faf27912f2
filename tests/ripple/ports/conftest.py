"""The ports three times: in memory, in the simulator, and through the real gateways to the laptop's servers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import GeneratorType
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import run_v2
from google.cloud.workflows_v1 import Workflow, WorkflowsClient
from google.cloud.workflows_v1.services.workflows.transports.rest import WorkflowsRestTransport

from laptop.firestore.server import start as start_firestore
from laptop.hosting import Service
from laptop.run.server import start as start_run
from laptop.storage.server import start as start_storage
from laptop.tests.conftest import launch, servers
from laptop.vertex.server import start as start_vertex
from laptop.workflows.server import start as start_workflows
from ripple.gateways.documents import FirestoreDocuments
from ripple.gateways.executions import WorkflowExecutions
from ripple.gateways.generator_jobs import CloudRunJobs
from ripple.gateways.objects import GcsObjects
from ripple.gateways.pipeline_jobs import VertexPipelineJobs
from ripple.gateways.sales import FirestoreSales
from ripple.gateways.transport import rest_client
from tests.choreography.simulator.crash_points import full_scenario
from tests.choreography.simulator.faults import FaultSchedule
from tests.choreography.simulator.world import Protocol, World
from tests.functions.fakes import FakeEdge

__all__ = ["launch", "servers"]
PARENT = "projects/demo-proj/locations/us-central1"
SLEEPS = """
main:
  params: [args]
  steps:
    - wait:
        call: sys.sleep
        args: {seconds: "${args.seconds}"}
    - done:
        return: ${args}
"""
WHICH = ("memory", "simulator", "laptop")


class InProcess:
    """Calls of a port made by a process of the simulator; the clock runs until it has its answer."""

    def __init__(self, world: World, port: Any) -> None:
        self._world, self._port = world, port

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._port, name)
        return lambda *args, **named: self._call(lambda: _whole(method(*args, **named)))

    def _call(self, work: Callable[[], Any]) -> Any:
        if self._world.engine.current is not None:
            return work()
        answers: list[Any] = []
        errors: list[BaseException] = []
        self._world.engine.spawn(
            "test", lambda: answers.append(work()), lambda error: errors.append(error) if error else None
        )
        while not answers and not errors:
            self._world.engine.run_until(self._world.engine.now + 0.1)
        if errors:
            raise errors[0]
        return answers[0]


def _whole(answer: Any) -> Any:
    return list(answer) if isinstance(answer, GeneratorType) else answer


@dataclass(frozen=True, slots=True)
class Ports:
    """What a test needs: the port by name, a way to put orders, a way to let time pass.

    `meanwhile` has somebody else do something while a transaction is open; `finish` waits until it is done.
    """

    get: Callable[[str], Any]
    put_orders: Callable[[dict[str, Any]], None]
    wait: Callable[[], None]
    meanwhile: Callable[[Callable[[], object]], object]
    finish: Callable[[], None] = lambda: None


@pytest.fixture(params=WHICH)
def ports(request: pytest.FixtureRequest) -> Ports:
    found: Ports = request.getfixturevalue(f"{request.param}_ports")
    return found


@pytest.fixture
def memory_ports() -> Ports:
    edge = FakeEdge()
    return Ports(lambda name: getattr(edge, name), edge.sales.orders.update, lambda: None, lambda work: work())


@pytest.fixture
def simulator_ports() -> Ports:
    world = World(full_scenario(), FaultSchedule(seed="ports"), Protocol())
    return Ports(
        lambda name: InProcess(world, getattr(world.edge, name)),
        world.sales.orders.update,
        lambda: world.engine.run_until(world.engine.now + 1),
        lambda work: world.engine.spawn("other", lambda: _ignore(work())),
        lambda: world.engine.run_until(world.engine.now + 600),
    )


def _ignore(_answer: object) -> None:
    """A process answers nothing."""


@pytest.fixture(scope="module")
def laptop_edge(launch: Callable[..., Service], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The gateways, each before a laptop server of its own."""
    from google.cloud import firestore
    from google.cloud.storage import Client

    storage, database, run = launch(start_storage), launch(start_firestore), launch(start_run)
    vertex = launch(start_vertex, storage=storage.address)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FIRESTORE_EMULATOR_HOST", database.address)
        client = firestore.Client(project="demo-proj")
    options = {"api_endpoint": f"http://{storage.address}"}
    buckets = Client(project="demo-proj", credentials=AnonymousCredentials(), client_options=options)
    for name in ("bronze", "models"):
        buckets.create_bucket(f"ripple-test-{name}")
    _deploy_job(run.address)
    return {
        "objects": GcsObjects(buckets),
        "documents": FirestoreDocuments(client),
        "sales": FirestoreSales(client),
        "executions": _deploy_workflow(launch),
        "generator_jobs": CloudRunJobs(f"http://{run.address}", PARENT),
        "pipeline_jobs": VertexPipelineJobs(f"http://{vertex.address}", PARENT, "gs://ripple-test-models/out", ""),
        "client": client,
        "buckets": buckets,
    }


def _deploy_job(address: str) -> None:
    jobs = rest_client(run_v2.JobsClient, run_v2.JobsClient.get_transport_class("rest"), f"http://{address}")
    container = {"image": "none", "command": ["true"]}
    job = run_v2.Job(template={"template": {"containers": [container], "max_retries": 0}})
    jobs.create_job(request=run_v2.CreateJobRequest(parent=PARENT, job=job, job_id="generate-clickstream")).result()


def _deploy_workflow(launch: Callable[..., Service]) -> WorkflowExecutions:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as free:
        grpc_address = f"127.0.0.1:{free.getsockname()[1]}"
    address = launch(start_workflows, executions=grpc_address).address
    options: dict[str, Any] = {"host": address, "url_scheme": "http", "credentials": AnonymousCredentials()}
    workflows = WorkflowsClient(transport=WorkflowsRestTransport(**options))
    workflow = Workflow(source_contents=SLEEPS)
    workflows.create_workflow(parent=PARENT, workflow=workflow, workflow_id="run_elt").result(timeout=5)
    return WorkflowExecutions(f"http://{grpc_address}", f"{PARENT}/workflows/run_elt")


@pytest.fixture
def laptop_ports(laptop_edge: dict[str, Any]) -> Iterator[Ports]:
    others: list[Future[object]] = []

    def put_orders(orders: dict[str, Any]) -> None:
        for name, order in orders.items():
            laptop_edge["client"].document(f"sales/{name}").set(order)

    def finish() -> None:
        for other in others:
            other.result(20)

    with ThreadPoolExecutor() as pool:
        yield Ports(
            laptop_edge.__getitem__,
            put_orders,
            lambda: time.sleep(0.1),
            lambda work: others.append(pool.submit(work)),
            finish,
        )
