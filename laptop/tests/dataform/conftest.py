"""A repository committed through Google's client, over real BigQuery and Dataform servers of the laptop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery, dataform_v1
from google.cloud.dataform_v1.services.dataform.transports import DataformRestTransport

from laptop.bigquery.server import start as start_bigquery
from laptop.dataform.server import start as start_dataform
from laptop.dataform.testing import read_project
from laptop.hosting import Service

PROJECT = Path(__file__).with_name("project")
PARENT = "projects/demo-proj/locations/us-central1"
ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")


def client_of(address: str) -> dataform_v1.DataformClient:
    transport = DataformRestTransport(host=address, url_scheme="http", credentials=AnonymousCredentials())
    return dataform_v1.DataformClient(transport=transport)


@dataclass
class Cloud:
    address: str
    client: dataform_v1.DataformClient
    warehouse: bigquery.Client
    http: httpx.Client
    count: int = 0

    def repository(self, **changes: str | None) -> str:
        """A new repository that holds the project; `changes` replace files by path, None deletes one."""
        self.count += 1
        repository = self.client.create_repository(
            parent=PARENT, repository=dataform_v1.Repository(), repository_id=f"shop-{self.count}"
        )
        files = {**read_project(PROJECT), **{path: text.encode() if text else b"" for path, text in changes.items()}}
        self.commit(repository.name, {path: text for path, text in files.items() if text})
        return str(repository.name)

    def commit(self, name: str, files: dict[str, bytes]) -> str:
        kind = dataform_v1.CommitRepositoryChangesRequest.FileOperation
        author = dataform_v1.CommitAuthor(name="t", email_address="t@example.com")
        answer = self.client.commit_repository_changes(
            request=dataform_v1.CommitRepositoryChangesRequest(
                name=name,
                commit_metadata=dataform_v1.CommitMetadata(author=author, commit_message="m"),
                file_operations={path: kind(write_file=kind.WriteFile(contents=text)) for path, text in files.items()},
            )
        )
        return str(answer.commit_sha)

    def compile(self, repository: str, batch: str = "1", schema: str = "") -> dataform_v1.CompilationResult:
        config = dataform_v1.CodeCompilationConfig(vars={"batch": batch}, default_schema=schema)
        result = dataform_v1.CompilationResult(git_commitish="main", code_compilation_config=config)
        return self.client.create_compilation_result(parent=repository, compilation_result=result)

    def invoke(self, repository: str, compilation: str, **config: object) -> str:
        invocation = dataform_v1.WorkflowInvocation(
            compilation_result=compilation, invocation_config=dataform_v1.InvocationConfig(**config)
        )
        return str(self.client.create_workflow_invocation(parent=repository, workflow_invocation=invocation).name)

    def wait(self, invocation: str) -> str:
        for _ in range(600):
            state = self.client.get_workflow_invocation(name=invocation).state.name
            if state in ENDED:
                return state
            time.sleep(0.05)
        raise AssertionError(f"{invocation} did not end")

    def states(self, invocation: str) -> dict[str, str]:
        return {action.target.name: action.state.name for action in self.actions(invocation)}

    def actions(self, invocation: str) -> list[dataform_v1.WorkflowInvocationAction]:
        return list(self.client.query_workflow_invocation_actions(request={"name": invocation}))

    def reasons(self, invocation: str) -> list[str]:
        return [action.failure_reason for action in self.actions(invocation) if action.failure_reason]

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        return sorted(tuple(row.values()) for row in self.warehouse.query_and_wait(sql))


@pytest.fixture(scope="module")
def cloud(launch: Callable[..., Service]) -> Iterator[Cloud]:
    store = launch(start_bigquery)
    service = launch(start_dataform, bigquery=store.address)
    warehouse = bigquery.Client(
        project="demo-proj",
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": f"http://{store.address}"},
    )
    with httpx.Client(base_url=f"http://{service.address}/v1") as http:
        yield Cloud(service.address, client_of(service.address), warehouse, http)
