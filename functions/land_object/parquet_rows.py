"""Rows of a Parquet object from any writer, judged one by one: its logical types decide, and what a value is exactly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

import pyarrow as pa

from functions.land_object.parquet import MOST_ROWS_AT_ONCE, read_batches, read_footer
from functions.land_object.parquet_schema import refuse_columns
from ripple.errors import PermanentError
from ripple.ports import StoredObject
from ripple.rows.contracts import Contract
from ripple.rows.formats.parquet_values import decode_batch, find_instants
from ripple.rows.judged import JudgedPage, judge_decoded


def judge_parquet(raw: IO[bytes], stored: StoredObject, contract: Contract) -> Iterator[JudgedPage]:
    """Every row; an offset is a row's number, from 0. PermanentError for a file that is not whole, or of other columns."""
    try:
        metadata = read_footer(raw, stored.size)
        refuse_columns(metadata.schema.to_arrow_schema(), contract, stored.ref)
        instants = find_instants(metadata)
        number = 0
        for batch in read_batches(raw, metadata, stored.ref):
            for part in _cut(batch):
                yield judge_decoded(decode_batch(part, number, instants, contract), contract)
                number += len(part)
    except (pa.ArrowException, OSError, ValueError, OverflowError, LookupError) as error:
        raise PermanentError(
            "parquet_corrupt", f"{stored.ref.uri}: {str(error)[:300]}", "write the file again"
        ) from error


def _cut(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    for begin in range(0, len(batch), MOST_ROWS_AT_ONCE):
        yield batch.slice(begin, MOST_ROWS_AT_ONCE)
