"""Rows of Parquet from any writer as decoded rows: logical types decide, and what a value is exactly. Pure."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ripple.rows.contracts import Contract, Violation
from ripple.rows.contracts.lines import KEPT_RAW
from ripple.rows.formats.plain import to_plain
from ripple.rows.judged import DecodedRow
from ripple.rows.tagged_json import write_tagged


def find_instants(metadata: pq.FileMetaData) -> Collection[str]:
    """Columns of INT96: it has no word for a zone, and its writers mean UTC."""
    columns = (metadata.schema.column(at) for at in range(metadata.num_columns))
    return {column.path for column in columns if column.physical_type == "INT96"}


def decode_batch(
    batch: pa.RecordBatch, number: int, instants: Collection[str], contract: Contract
) -> Sequence[DecodedRow]:
    """The rows of a batch, whose first has that number; `instants` are the columns of INT96."""
    found = {
        name: _to_micros(column, name in instants)
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    }
    table = pa.RecordBatch.from_arrays([column for column, _ in found.values()], names=list(found))
    fine = {at: name for name, (_, lost) in found.items() for at in lost}
    rows = (to_plain(_as_declared(row, contract), contract) for row in table.to_pylist())
    return [_to_decoded(row, number + at, fine.get(at)) for at, row in enumerate(rows)]


def _to_micros(column: pa.Array, is_instant: bool) -> tuple[pa.Array, Sequence[int]]:
    """Times in microseconds, and where a finer one would lose something."""
    if not pa.types.is_timestamp(column.type) or column.type.unit != "ns":
        return column, ()
    cut = column.cast(pa.timestamp("us", "UTC" if is_instant else column.type.tz), safe=False)
    lost = pc.not_equal(cut.cast(column.type), column).fill_null(False)
    return cut, [at for at, is_lost in enumerate(lost.to_pylist()) if is_lost]


def _as_declared(row: Mapping[str, Any], contract: Contract) -> Mapping[str, Any]:
    return {name: _as_kind(value, name, contract) for name, value in row.items()}


def _as_kind(value: Any, name: str, contract: Contract) -> Any:
    """A whole number in a column of floats is an integer where the flow has one: pandas writes integers with gaps so.

    A time without a zone is its text, which the formats that are declared for such read.
    """
    if _is_whole(value, name, contract):
        return int(value)
    return value.isoformat() if isinstance(value, dt.datetime) and value.tzinfo is None else value


def _is_whole(value: Any, name: str, contract: Contract) -> bool:
    return isinstance(value, float) and value.is_integer() and contract.kinds.get(name, {}).get("kind") == "integer"


def _to_decoded(row: Mapping[str, Any], number: int, fine: str | None) -> DecodedRow:
    text = write_tagged(row)
    digest = hashlib.sha256(text.encode()).hexdigest()
    violation = Violation("timestamp_too_fine", fine, f"{fine}: finer than a microsecond") if fine else None
    return DecodedRow(
        line=number + 1, offset=number, row=row, line_hash=digest, raw=text[:KEPT_RAW], violation=violation
    )
