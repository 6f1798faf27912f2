"""What running a statement came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from laptop.bigquery.sql.references import TableName
from laptop.bigquery.sql.types import Field


@dataclass(slots=True, kw_only=True)
class StatementOutcome:
    """`rows` is None for statements that give none; `statistics` joins the job's `statistics.query`."""

    kind: str
    fields: list[Field] = field(default_factory=list)
    rows: pa.Table | None = None
    affected: int | None = None
    statistics: dict[str, Any] = field(default_factory=dict)


def outcome_of_definition(kind: str, name: TableName, done: str) -> StatementOutcome:
    """`done` is CREATE, ALTER, DROP or SKIP."""
    target = {"projectId": name.project, "datasetId": name.dataset, "tableId": name.table}
    return StatementOutcome(kind=kind, statistics={"ddlOperationPerformed": done, "ddlTargetTable": target})
