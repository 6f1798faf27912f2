"""The Arrow schema of sales in Bronze, derived from the contract: timestamps in microseconds, UTC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from ripple.rows.contracts import Contract
from ripple.rows.contracts.validation import RESCUED_COLUMN

_TYPES = {
    "string": pa.string(),
    "integer": pa.int64(),
    "float": pa.float64(),
    "boolean": pa.bool_(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "date": pa.date32(),
    "strings": pa.list_(pa.string()),
    "json": pa.string(),
}

RESCUED = pa.field(RESCUED_COLUMN, pa.string())
"""Beside the contract's fields: what it does not foresee of a document, as JSON text. Objects of before it was there lack it."""

DRIFT_KEY = "ripple-drift"
"""Key in the footer of a Parquet object: the drift that the export found, as JSON. Custom metadata would hold 8 KiB."""

ROWS_KEY = "ripple-rows"
QUARANTINED_KEY = "ripple-rows-quarantined"
QUARANTINE_KEY = "ripple-quarantine-uri"
"""Custom metadata of a Parquet object: documents read for it, those of them in quarantine, and where."""


def arrow_schema(contract: Contract) -> pa.Schema:
    """One field per contract field, in its order."""
    return pa.schema([pa.field(name, arrow_type(rule)) for name, rule in contract.kinds.items()])


def arrow_type(rule: Mapping[str, Any]) -> pa.DataType:
    if rule["kind"] == "list":
        return pa.list_(arrow_type(rule["items"]))
    if rule["kind"] not in ("record", "records"):
        return _TYPES[rule["kind"]]
    record = pa.struct([pa.field(name, arrow_type(inner)) for name, inner in rule["fields"].items()])
    return record if rule["kind"] == "record" else pa.list_(record)
