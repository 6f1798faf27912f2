"""Rows of a Parquet object from any writer, judged one by one: its logical types decide, and what a value is exactly."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from functions.land_object.parquet import MOST_ROWS_AT_ONCE, read_batches, read_footer
from functions.land_object.parquet_schema import refuse_columns
from ripple.errors import PermanentError
from ripple.ports import StoredObject
from ripple.rows.contracts import Contract, Violation
from ripple.rows.contracts.lines import KEPT_RAW
from ripple.rows.formats.plain import to_plain
from ripple.rows.judged import DecodedRow, JudgedPage, judge_decoded
from ripple.rows.tagged_json import write_tagged


def judge_parquet(raw: IO[bytes], stored: StoredObject, contract: Contract) -> Iterator[JudgedPage]:
    """Every row; an offset is a row's number, from 0. PermanentError for a file that is not whole, or of other columns."""
    try:
        metadata = read_footer(raw, stored.size)
        refuse_columns(metadata.schema.to_arrow_schema(), contract, stored.ref)
        instants = _find_instants(metadata)
        number = 0
        for batch in read_batches(raw, metadata, stored.ref):
            for part in _cut(batch):
                yield judge_decoded(_decode(part, number, instants, contract), contract)
                number += len(part)
    except (pa.ArrowException, OSError, ValueError, OverflowError, LookupError) as error:
        raise PermanentError(
            "parquet_corrupt", f"{stored.ref.uri}: {str(error)[:300]}", "write the file again"
        ) from error


def _cut(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    for begin in range(0, len(batch), MOST_ROWS_AT_ONCE):
        yield batch.slice(begin, MOST_ROWS_AT_ONCE)


def _find_instants(metadata: pq.FileMetaData) -> Collection[str]:
    """Columns of INT96: it has no word for a zone, and its writers mean UTC."""
    columns = (metadata.schema.column(at) for at in range(metadata.num_columns))
    return {column.path for column in columns if column.physical_type == "INT96"}


def _decode(batch: pa.RecordBatch, number: int, instants: Collection[str], contract: Contract) -> Sequence[DecodedRow]:
    found = {
        name: _to_micros(column, name in instants)
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    }
    table = pa.RecordBatch.from_arrays([column for column, _ in found.values()], names=list(found))
    fine = {at: name for name, (_, lost) in found.items() for at in lost}
    rows = (to_plain(_as_integers(row, contract), contract) for row in table.to_pylist())
    return [_to_decoded(row, number + at, fine.get(at)) for at, row in enumerate(rows)]


def _to_micros(column: pa.Array, is_instant: bool) -> tuple[pa.Array, Sequence[int]]:
    """Times in microseconds, and where a finer one would lose something."""
    if not pa.types.is_timestamp(column.type) or column.type.unit != "ns":
        return column, ()
    cut = column.cast(pa.timestamp("us", "UTC" if is_instant else column.type.tz), safe=False)
    lost = pc.not_equal(cut.cast(column.type), column).fill_null(False)
    return cut, [at for at, is_lost in enumerate(lost.to_pylist()) if is_lost]


def _as_integers(row: Mapping[str, Any], contract: Contract) -> Mapping[str, Any]:
    """A whole number in a column of floats is an integer where the flow has one: pandas writes integers with gaps so."""
    return {name: int(value) if _is_whole(value, name, contract) else value for name, value in row.items()}


def _is_whole(value: Any, name: str, contract: Contract) -> bool:
    return isinstance(value, float) and value.is_integer() and contract.kinds.get(name, {}).get("kind") == "integer"


def _to_decoded(row: Mapping[str, Any], number: int, fine: str | None) -> DecodedRow:
    text = write_tagged(row)
    digest = hashlib.sha256(text.encode()).hexdigest()
    violation = Violation("timestamp_too_fine", fine, f"{fine}: finer than a microsecond") if fine else None
    return DecodedRow(
        line=number + 1, offset=number, row=row, line_hash=digest, raw=text[:KEPT_RAW], violation=violation
    )
