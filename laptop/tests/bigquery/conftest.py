"""BigQuery and Cloud Storage on the laptop, and Google's clients on them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery, storage

import laptop.bigquery.server
import laptop.storage.server

PROJECT = "demo-proj"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    bigquery: bigquery.Client
    bucket: storage.Bucket

    def value(self, sql: str, **options: Any) -> Any:
        """The first column of the first row."""
        return next(iter(self.bigquery.query_and_wait(sql, **options)))[0]

    def rows(self, sql: str, **options: Any) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.bigquery.query_and_wait(sql, **options)]

    def upload(self, name: str, data: bytes) -> str:
        self.bucket.blob(name).upload_from_string(data)
        return f"gs://{self.bucket.name}/{name}"


def client_of(address: str) -> bigquery.Client:
    options = ClientOptions(api_endpoint=f"http://{address}")
    return bigquery.Client(project=PROJECT, credentials=AnonymousCredentials(), client_options=options)


@pytest.fixture(scope="module")
def cloud(launch: Callable[..., Any]) -> Cloud:
    lake = launch(laptop.storage.server.start).address
    options = {"api_endpoint": f"http://{lake}"}
    files = storage.Client(project=PROJECT, credentials=AnonymousCredentials(), client_options=options)
    warehouse = client_of(launch(laptop.bigquery.server.start, storage=lake).address)
    warehouse.create_dataset("shop")
    return Cloud(bigquery=warehouse, bucket=files.create_bucket("lake"))


@pytest.fixture
def name() -> str:
    """A table that is not there."""
    return f"{PROJECT}.shop.t_{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def base(cloud: Cloud) -> str:
    """The project's address, for what Google's client would not send."""
    return f"{cloud.bigquery._connection.API_BASE_URL}/bigquery/v2/projects/{PROJECT}"
