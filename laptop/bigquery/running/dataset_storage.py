"""Datasets: a schema in DuckDB and a resource in the catalog."""

from __future__ import annotations

from typing import Any

from laptop.bigquery.errors import invalid
from laptop.bigquery.running.session import Session
from laptop.bigquery.sql.types import quoted


def new_dataset(session: Session, dataset: str, more: dict[str, Any]) -> dict[str, Any]:
    """Create it; the caller has made sure that the name is free."""
    if not dataset.replace("_", "a").isalnum() or dataset == "_catalog":
        raise invalid(f'Invalid dataset ID "{dataset}"')
    session.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(dataset)}")
    resource = {
        "kind": "bigquery#dataset",
        "id": f"{session.project}:{dataset}",
        "location": "us-central1",
        "creationTime": str(session.now()),
        "lastModifiedTime": str(session.now()),
        **more,
        "datasetReference": {"projectId": session.project, "datasetId": dataset},
    }
    session.catalog.put_dataset(dataset, resource)
    return resource


def remove_dataset(session: Session, dataset: str) -> None:
    session.execute(f"DROP SCHEMA IF EXISTS {quoted(dataset)} CASCADE")
    session.catalog.drop_dataset(dataset)
