"""The warehouse without its server: statements run as a job would run them, answers as the REST API gives them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import httpx

from laptop.bigquery.encode import encode_rows
from laptop.bigquery.engine import Engine, open_engine
from laptop.bigquery.external.cache import ObjectCache
from laptop.bigquery.external.objects import ObjectReader
from laptop.bigquery.running.dataset_storage import new_dataset
from laptop.bigquery.running.outcome import StatementOutcome
from laptop.bigquery.running.scripts import run_script
from laptop.bigquery.running.session import Session
from laptop.bigquery.sql.references import Place
from laptop.http import ApiError
from laptop.tests.bigquery.answers import Answer, Refusal, type_of_field, value_of_cell

PROJECT = "demo-proj"
NOW = 1_767_225_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Warehouse:
    """`now` of its sessions is fixed: 2026-01-01."""

    engine: Engine
    cache: ObjectCache

    def session(self, **more: Any) -> Session:
        return Session(
            engine=self.engine,
            cursor=self.engine.cursor(),
            cache=self.cache,
            place=Place(project=PROJECT, dataset=more.pop("dataset", None)),
            project=PROJECT,
            now=lambda: NOW,
            **more,
        )

    def run(self, sql: str, **more: Any) -> StatementOutcome:
        session = self.session(**more)
        try:
            return run_script(session, sql)
        finally:
            session.cursor.close()

    def answer(self, sql: str, **more: Any) -> Answer:
        outcome = self.run(sql, **more)
        assert outcome.rows is not None
        rows = encode_rows(outcome.rows, outcome.fields, int_timestamps=True)
        cells = [[cell["v"] for cell in row["f"]] for row in rows]
        return Answer(
            names=[field["name"] for field in outcome.fields],
            types=[type_of_field(field) for field in outcome.fields],
            rows=[[value_of_cell(*pair) for pair in zip(row, outcome.fields, strict=True)] for row in cells],
        )

    def ask(self, sql: str, **more: Any) -> Answer | Refusal:
        """As `answer`; an error that a caller of the API would get is a value here."""
        try:
            return self.answer(sql, **more)
        except (ApiError, duckdb.Error) as error:
            return Refusal(message=str(error))


@contextmanager
def open_warehouse(folder: Path, storage: str = "127.0.0.1:9") -> Iterator[Warehouse]:
    """A warehouse in an empty folder, with the dataset `shop`; `storage` is the object store's address."""
    client = httpx.Client(timeout=10)
    cache = ObjectCache(folder / "objects", ObjectReader(f"http://{storage}", client))
    warehouse = Warehouse(engine=open_engine(folder), cache=cache)
    session = warehouse.session()
    new_dataset(session, "shop", {})
    session.cursor.close()
    yield warehouse
    warehouse.engine.close()
    client.close()
