"""Firestore on the laptop, and Google's client on it: in a database that locks, and in one that does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import grpc
import pytest
from google.api_core.exceptions import Aborted
from google.cloud import firestore
from google.cloud.firestore_admin_v1 import FirestoreAdminClient
from google.cloud.firestore_admin_v1.services.firestore_admin.transports import FirestoreAdminGrpcTransport
from google.cloud.firestore_admin_v1.types import Database

from laptop.firestore.server import start
from laptop.hosting import Service

T = TypeVar("T")
Run = Callable[..., Any]


@pytest.fixture(scope="module")
def service(launch: Callable[..., Service]) -> Iterator[Service]:
    running = launch(start)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FIRESTORE_EMULATOR_HOST", running.address)
        yield running


@pytest.fixture(scope="module")
def admin(service: Service) -> FirestoreAdminClient:
    return FirestoreAdminClient(transport=FirestoreAdminGrpcTransport(channel=grpc.insecure_channel(service.address)))


@pytest.fixture(scope="module")
def client(service: Service) -> firestore.Client:
    return firestore.Client(project="demo-proj")


@pytest.fixture(scope="module")
def optimistic(service: Service, admin: FirestoreAdminClient) -> firestore.Client:
    mode = Database.ConcurrencyMode.OPTIMISTIC
    request = {
        "parent": "projects/demo-proj",
        "database_id": "optimistic",
        "database": {"concurrency_mode": mode, "location_id": "nam5", "type_": Database.DatabaseType.FIRESTORE_NATIVE},
    }
    admin.create_database(request=request)
    return firestore.Client(project="demo-proj", database="optimistic")


@pytest.fixture(params=["client", "optimistic"])
def either(request: pytest.FixtureRequest) -> firestore.Client:
    found: firestore.Client = request.getfixturevalue(request.param)
    return found


def in_transaction(client: firestore.Client, work: Callable[[firestore.Transaction], T], **options: Any) -> T:
    """Run the work until it was committed: Google's client tries again what a commit refuses, not what a read does."""
    while True:
        try:
            return firestore.transactional(work)(client.transaction(**options))  # type: ignore[no-any-return]
        except Aborted:
            continue
