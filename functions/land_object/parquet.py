"""Check a Parquet object by its schema and its counts."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.parquet as pq

from ripple.contracts import Contract
from ripple.contracts.drift_report import DriftReport, read_report
from ripple.errors import PermanentError
from ripple.paths import ObjectRef
from ripple.ports import ObjectStore, StoredObject
from ripple.sales_schema import DRIFT_KEY, QUARANTINE_KEY, QUARANTINED_KEY, RESCUED, ROWS_KEY, arrow_schema


def check_parquet(
    ref: ObjectRef, stored: StoredObject, contract: Contract, objects: ObjectStore
) -> tuple[int, int, str | None, DriftReport | None]:
    """`(rows, rows quarantined, quarantine uri, drift)`; PermanentError if it is corrupt, of another schema, or short of rows."""
    try:
        with objects.open(ref) as raw:
            parquet = pq.ParquetFile(raw)
            schema, found = parquet.schema_arrow, parquet.metadata.num_rows
            footer = parquet.metadata.metadata or {}
            for group in range(parquet.num_row_groups):
                parquet.read_row_group(group).validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise PermanentError("parquet_corrupt", f"{ref.uri}: {str(error)[:300]}", "export the batch again") from error
    _compare_schemas(schema, arrow_schema(contract), ref)
    rows, bad = _promised_rows(stored, found)
    if rows - bad != found:
        raise PermanentError("count_mismatch", f"{ref.uri} promises {rows - bad} rows and holds {found}")
    return rows, bad, stored.metadata.get(QUARANTINE_KEY), _read_drift(footer, ref)


def _read_drift(footer: Mapping[bytes, bytes], ref: ObjectRef) -> DriftReport | None:
    """What the export found, which met the documents; an object without drift says nothing."""
    text = footer.get(DRIFT_KEY.encode())
    try:
        return None if text is None else read_report(text)
    except ValueError as error:
        raise PermanentError("metadata_malformed", f"{ref.uri}: {DRIFT_KEY} in its footer: {error}") from error


def _promised_rows(stored: StoredObject, found: int) -> tuple[int, int]:
    try:
        return int(stored.metadata.get(ROWS_KEY, found)), int(stored.metadata.get(QUARANTINED_KEY, 0))
    except ValueError:
        raise PermanentError("metadata_malformed", f"{stored.ref.uri}: row counts are no integers") from None


def _compare_schemas(found: pa.Schema, expected: pa.Schema, ref: ObjectRef) -> None:
    missing = [field.name for field in expected if field.name not in found.names]
    unknown = [name for name in found.names if name not in expected.names and found.field(name) != RESCUED]
    twice = sorted({name for name in found.names if found.names.count(name) > 1})
    once = [field for field in expected if field.name in found.names and field.name not in twice]
    other = [field.name for field in once if found.field(field.name).type != field.type]
    wrong = [
        f"{what}: {', '.join(names)}"
        for what, names in (("missing", missing), ("unknown", unknown), ("twice", twice), ("of another type", other))
        if names
    ]
    if wrong:
        raise PermanentError("schema_mismatch", f"{ref.uri}: columns " + "; ".join(wrong), "see ripple/contracts")
