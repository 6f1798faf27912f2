"""What running a statement came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from laptop.bigquery.sql.types import Field


@dataclass(slots=True, kw_only=True)
class StatementOutcome:
    """`rows` is None for statements that give none; `statistics` joins the job's `statistics.query`."""

    kind: str
    fields: list[Field] = field(default_factory=list)
    rows: pa.Table | None = None
    affected: int | None = None
    statistics: dict[str, Any] = field(default_factory=dict)
