"""Runs a project's unit tests (`type: "test"`): each is two queries that must give the same rows, in any order."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from laptop.dataform.compiler import compile_files
from laptop.dataform.warehouse import QueryFailedError, WarehouseClient


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitTestOutcome:
    """What one test gave: `problem` is empty if it passed."""

    name: str
    problem: str = ""


def read_project(folder: Path) -> dict[str, bytes]:
    """Path to content of every file that would be committed."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith("."))
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in found if "node_modules" not in path.parts
    }


async def run_tests(
    folder: Path, cache: Path, address: str, override: Mapping[str, Any], installed: Path | None = None
) -> list[UnitTestOutcome]:
    """Compile `folder`, run its tests on the BigQuery at `address`. Raises ValueError if it does not compile."""
    checkout = cache / "checkout"
    graph = await compile_files(read_project(folder), checkout, cache / "modules", override, installed)
    errors = graph.get("graphErrors", {}).get("compilationErrors", [])
    if errors:
        raise ValueError("; ".join(f"{error.get('fileName', '')}: {error['message']}" for error in errors))
    warehouse = WarehouseClient(address)
    try:
        project = graph["projectConfig"]["defaultDatabase"]
        return [await _run_test(warehouse, project, test) for test in graph.get("tests", [])]
    finally:
        await warehouse.close()


async def _run_test(warehouse: WarehouseClient, project: str, test: Mapping[str, Any]) -> UnitTestOutcome:
    try:
        actual, expected = await asyncio.gather(
            warehouse.rows(project, test["testQuery"]), warehouse.rows(project, test["expectedOutputQuery"])
        )
    except QueryFailedError as error:
        return UnitTestOutcome(name=test["name"], problem=str(error))
    return UnitTestOutcome(name=test["name"], problem=_difference(actual, expected))


def _difference(actual: list[list[Any]], expected: list[list[Any]]) -> str:
    got, wanted = (Counter(json.dumps(row) for row in rows) for rows in (actual, expected))
    missing, extra = sorted((wanted - got).elements()), sorted((got - wanted).elements())
    parts = [f"missing {row}" for row in missing[:5]] + [f"unexpected {row}" for row in extra[:5]]
    return f"{len(missing)} rows missing, {len(extra)} unexpected: " + "; ".join(parts) if parts else ""
