"""Runs compiled actions on a warehouse through Google's client, as Dataform would."""

from __future__ import annotations

from typing import Any

from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from tests.sql.project import PROJECT, Action, statements

DATASETS = ("bronze", "staging", "silver", "features", "gold", "ops")


class Warehouse:
    """`address` is 127.0.0.1:PORT."""

    def __init__(self, address: str) -> None:
        options = ClientOptions(api_endpoint=f"http://{address}")
        credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
        self.client = bigquery.Client(project=PROJECT, credentials=credentials, client_options=options)
        for dataset in DATASETS:
            self.client.create_dataset(dataset, exists_ok=True)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        return [dict(row) for row in self.client.query_and_wait(sql)]

    def run(self, actions: list[Action]) -> None:
        """Run all actions in order."""
        for action in actions:
            self._run_one(action)

    def _run_one(self, action: Action) -> None:
        columns = self._columns(action.target) if action.kind == "tables" else None
        for statement in statements(action, exists=columns is not None, columns=columns):
            try:
                self.rows(statement)
            except Exception as error:
                error.add_note(f"{action.target}:\n{statement}")
                raise

    def _columns(self, target: str) -> list[str] | None:
        dataset, table = target.split(".")
        names = {item.table_id for item in self.client.list_tables(dataset)}
        if table not in names:
            return None
        return [field.name for field in self.client.get_table(f"{PROJECT}.{target}").schema]

    def contents(self) -> dict[str, list[str]]:
        """Every stored table's rows as text, in order, but those of runs, and which run began last."""
        tables = [
            f"{dataset}.{item.table_id}"
            for dataset in DATASETS
            for item in self.client.list_tables(dataset)
            if item.table_type == "TABLE" and dataset != "staging" and item.table_id != "fence_run"
        ]
        return {name: sorted(str(row) for row in self.rows(f"SELECT * FROM `{PROJECT}.{name}`")) for name in tables}
