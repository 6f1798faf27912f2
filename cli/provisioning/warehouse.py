"""Datasets and the ledger's table, the workflow, the pipeline's spec, the pepper."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from google.api_core.exceptions import AlreadyExists, Conflict, NotFound
from google.cloud import secretmanager_v1, workflows_v1
from google.cloud.bigquery import Dataset, SchemaField, Table

from cli.provisioning.clients import AdminClients
from ripple.deployment.parts import LEDGERS
from ripple.deployment.routes import DATASETS, PEPPER, WORKFLOW, service_account


def make_datasets(clients: AdminClients) -> None:
    for name in DATASETS:
        dataset = Dataset(f"{clients.project}.{name}")
        dataset.location = clients.location
        clients.bigquery.create_dataset(dataset, exists_ok=True)
    for ledger in LEDGERS:
        schema = [SchemaField(name, kind) for name, kind in ledger.columns.items()]
        clients.bigquery.create_table(Table(f"{clients.project}.ops.{ledger.table}", schema=schema), exists_ok=True)


def deploy_workflow(clients: AdminClients, source: Path, env: Mapping[str, str]) -> None:
    name = f"{clients.parent}/workflows/{WORKFLOW}"
    workflow = workflows_v1.Workflow(
        name=name,
        source_contents=source.read_text(),
        service_account=f"{service_account(WORKFLOW)}@{clients.project}.iam.gserviceaccount.com",
        user_env_vars=dict(env),
    )
    try:
        clients.workflows.create_workflow(parent=clients.parent, workflow=workflow, workflow_id=WORKFLOW).result()  # type: ignore[no-untyped-call]
    except (AlreadyExists, Conflict):
        clients.workflows.update_workflow(workflow=workflow).result()  # type: ignore[no-untyped-call]


def upload_spec(clients: AdminClients, data: bytes) -> str:
    """The compiled pipeline under its own hash: `gs://{models}/specs/{sha256}.json`."""
    bucket = f"{clients.project}-models"
    blob = clients.storage.bucket(bucket).blob(f"specs/{hashlib.sha256(data).hexdigest()}.json")
    if not blob.exists():
        blob.upload_from_string(data, content_type="application/json")
    return f"gs://{bucket}/{blob.name}"


def make_pepper(clients: AdminClients) -> str:
    """The key of the PII tokens, made once, at a pinned version; its value is known to Secret Manager only."""
    parent = f"projects/{clients.project}"
    name = f"{parent}/secrets/{PEPPER}"
    with suppress(AlreadyExists, Conflict):
        clients.secrets.create_secret(
            parent=parent, secret_id=PEPPER, secret=secretmanager_v1.Secret(replication={"automatic": {}})
        )
    try:
        clients.secrets.get_secret_version(name=f"{name}/versions/1")
    except NotFound:
        # Also when an earlier deployment was killed between the secret and its version.
        payload = secretmanager_v1.SecretPayload(data=secrets.token_bytes(32))
        clients.secrets.add_secret_version(parent=name, payload=payload)
    return f"{name}/versions/1"
