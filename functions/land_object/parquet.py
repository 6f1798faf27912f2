"""Check a Parquet object by its schema, its counts and every value it holds, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from functions.land_object.keeping import CheckedWriter
from functions.land_object.pages import plan_batches
from functions.land_object.parquet_bad_rows import BadRows
from functions.land_object.parquet_schema import compare_schemas, find_differences
from functions.land_object.parquet_values import Bools, find_wrong
from functions.land_object.proportion import is_too_bad
from functions.land_object.quarantining import read_exported
from ripple.errors import PermanentError
from ripple.ports import StoredObject
from ripple.ports.holders import BucketPorts, HasObjects
from ripple.rows.contracts import Contract, Violation
from ripple.rows.contracts.drift_report import DriftReport, read_report
from ripple.rows.contracts.evolution import WIDENED_TYPE, WIDER
from ripple.rows.contracts.plausibility import find_implausible, may_hold_implausible
from ripple.rows.row_hashes import hash_rows
from ripple.rows.sales_schema import DRIFT_KEY, QUARANTINE_KEY, QUARANTINED_KEY, RESCUED, ROWS_KEY, arrow_schema
from ripple.wire.limits import read_count
from ripple.wire.paths import ObjectRef

MAX_FOOTER_BYTES = 16 * 1024**2
_BUFFER_BYTES = 1024 * 1024
MOST_ROWS_AT_ONCE = 10_000
_PAGE_BYTES = 8 * 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRows:
    """What a Parquet object holds: rows with all that are in quarantine, those, where the export put its own, drift; why, if many."""

    rows: int
    rows_quarantined: int
    quarantine_uri: str | None
    drift: DriftReport | None
    trouble: str = ""


def check_parquet(
    stored: StoredObject, contract: Contract, accepted: CheckedWriter, quarantine: IO[bytes], ports: BucketPorts
) -> FoundRows:
    """Accept its rows, and write those that its contract refuses to `quarantine`, after the export's own.

    PermanentError if it is corrupt, of another schema, or short of rows, here or in the export's quarantine.
    """
    ref = stored.ref
    try:
        with ports.objects.open(ref) as raw:
            metadata = read_footer(raw, stored.size)
            # Before anything is decoded: only the contract's types ever are.
            compare_schemas(metadata.schema.to_arrow_schema(), arrow_schema(contract), ref)
            doubts, columns = _find_doubts(raw, metadata, contract, ref)
            drift = _read_drift(metadata.metadata or {}, ref)
            rows, exported = _read_promise(stored, metadata.num_rows, ports)
            bad = BadRows(stored, exported, quarantine, ports)
            if doubts.any() and is_too_bad(len(exported) + int(doubts.sum()), rows, ports.settings.reject_ratio):
                # It is rejected whole: its rows stay where they are.
                return _refuse(rows, len(exported), doubts, columns, stored, drift)
            _accept_rows(raw, metadata, _choose_check(contract, doubts), accepted, bad)
    except (pa.ArrowException, OSError, ValueError, OverflowError, LookupError) as error:
        raise PermanentError("parquet_corrupt", f"{ref.uri}: {str(error)[:300]}", "export the batch again") from error
    return FoundRows(
        rows=rows,
        rows_quarantined=len(exported) + bad.count,
        quarantine_uri=stored.metadata.get(QUARANTINE_KEY),
        drift=drift,
        trouble=bad.describe(),
    )


def is_ours(stored: StoredObject, contract: Contract, ports: HasObjects) -> bool:
    """Whether it promises its rows, as an export does, or has the contract's very columns: then it is read by columns.

    True of what is no Parquet as well, which that refuses by name.
    """
    if ROWS_KEY in stored.metadata:
        return True
    try:
        with ports.objects.open(stored.ref) as raw:
            found = read_footer(raw, stored.size).schema.to_arrow_schema()
    except (pa.ArrowException, OSError, ValueError, OverflowError, LookupError):
        return True
    return not find_differences(found, arrow_schema(contract)) and not _KINDS_BY_ROW & _kinds(contract)


_KINDS_BY_ROW = frozenset({"json", "list", "record"})
"""What the check by columns does not look into."""


def _kinds(contract: Contract) -> set[str]:
    return {rule["kind"] for rule in contract.kinds.values()}


def _refuse(
    rows: int, exported: int, doubts: Bools, columns: Sequence[str], stored: StoredObject, drift: DriftReport | None
) -> FoundRows:
    bad, first = int(doubts.sum()), int(np.flatnonzero(doubts)[0]) + 1
    return FoundRows(
        rows=rows,
        rows_quarantined=exported + bad,
        quarantine_uri=stored.metadata.get(QUARANTINE_KEY),
        drift=drift,
        trouble=f"; landing found {bad} by their values of {', '.join(columns)}, first in row {first}",
    )


def _read_promise(stored: StoredObject, found: int, ports: BucketPorts) -> tuple[int, frozenset[int]]:
    """How many documents the object is of, and the numbers of those that its export left out."""
    rows, bad = _promised_rows(stored, found)
    if not rows:
        raise PermanentError("object_empty", f"{stored.ref.uri} has no rows")
    if rows - bad != found:
        raise PermanentError("count_mismatch", f"{stored.ref.uri} promises {rows - bad} rows and holds {found}")
    return rows, read_exported(stored, bad, ports)


def _read_drift(footer: Mapping[bytes, bytes], ref: ObjectRef) -> DriftReport | None:
    """What the export found, which met the documents; an object without drift says nothing."""
    text = footer.get(DRIFT_KEY.encode())
    try:
        return None if text is None else read_report(text)
    except ValueError as error:
        raise PermanentError("metadata_malformed", f"{ref.uri}: {DRIFT_KEY} in its footer: {error}") from error


def read_footer(raw: IO[bytes], size: int) -> pq.FileMetaData:
    """A footer is a few kilobytes for a row group: one of hundreds of megabytes is refused before it is read."""
    raw.seek(max(size - 8, 0))
    tail = raw.read(8)
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] != b"PAR1" or length > min(size - 8, MAX_FOOTER_BYTES):
        raise ValueError("no Parquet footer at its end")
    return pq.read_metadata(raw)


def _find_doubts(
    raw: IO[bytes], metadata: pq.FileMetaData, contract: Contract, ref: ObjectRef
) -> tuple[Bools, Sequence[str]]:
    """Rows with a value that no row may hold, and the columns of these. Column by column, so that one wide column at a time is in memory.

    No column is there if all documents are in quarantine.
    """
    doubts = np.zeros(metadata.num_rows, np.bool_)
    if metadata.num_row_groups == metadata.num_rows == 0:
        return doubts, []
    names: list[str] = []
    plans = plan_batches(metadata, raw, ref.uri)
    paths = [metadata.schema.column(at).path for at in range(metadata.num_columns)]
    parquet = pq.ParquetFile(
        raw,
        read_dictionary=[path for path in paths if plans[path.split(".")[0]].as_dictionary],
        pre_buffer=False,
        buffer_size=_BUFFER_BYTES,
        page_checksum_verification=True,
    )
    for name, plan in plans.items():
        found = 0
        for column in _read_column(parquet, name, plan.rows):
            column.validate(full=True)
            begin, found = found, found + len(column)
            if found > len(doubts):
                break
            wrong = find_wrong(column, contract.kinds.get(name, {}), _may_be_null(name, contract))
            doubts[begin:found] |= wrong
            names += [name] if wrong.any() and name not in names else []
        if found != metadata.num_rows:
            raise ValueError(f"{name} holds {found} values of {metadata.num_rows}")
    return doubts, names


Check = Callable[[pa.RecordBatch, int], Iterator[tuple[int, dict[str, Any], Violation]]]
"""The rows of a batch, whose first has that number, that cannot be used: where each is, the row, and why."""


def _choose_check(contract: Contract, doubts: Bools) -> Check:
    """Only rows in doubt are looked at one by one, and all of a batch with a time that cannot be."""
    may_be_null = {name for name in contract.kinds if _may_be_null(name, contract)}
    lenient = replace(contract, nullable=contract.nullable | may_be_null)

    def check(batch: pa.RecordBatch, number: int) -> Iterator[tuple[int, dict[str, Any], Violation]]:
        at = np.flatnonzero(doubts[number : number + len(batch)])
        if may_hold_implausible(batch, contract):
            at = np.arange(len(batch))
        for place, row in zip(at.tolist(), batch.take(pa.array(at)).to_pylist(), strict=True):
            row.pop(RESCUED.name, None)
            is_doubtful = doubts[number + place]
            violation = lenient.find_violation(row) if is_doubtful else find_implausible(row, contract)
            if violation is not None:
                yield place, row, violation

    return check


def _accept_rows(
    raw: IO[bytes], metadata: pq.FileMetaData, check: Check, accepted: CheckedWriter, bad: BadRows
) -> None:
    """All rows but those that `check` finds, a column at a time."""
    number = 0
    for batch in read_batches(raw, metadata, accepted.source.ref):
        digests = hash_rows(batch.columns)
        numbers, lines = range(number, number + len(batch)), [bad.next_line() for _ in range(len(batch))]
        wrong = set()
        for at, row, violation in check(batch, number):
            wrong.add(at)
            bad.add(row, accepted.contract.flow, violation, line=lines[at], offset=numbers[at], digest=digests[at])
        number += len(batch)
        kept = [at for at in range(len(batch)) if at not in wrong]
        whole = pa.Table.from_batches([batch if not wrong else batch.take(pa.array(kept, pa.int64()))])
        accepted.add(_complete(whole, [numbers[at] for at in kept], [digests[at] for at in kept]))


def _complete(rows: pa.Table, numbers: Sequence[int], digests: Sequence[str]) -> pa.Table:
    """With the columns that a checked object has beside the contract's; a row's offset is its number."""
    if RESCUED.name not in rows.column_names:
        rows = rows.append_column(RESCUED, pa.nulls(len(rows), RESCUED.type))
    rows = rows.append_column("corrects_line", pa.nulls(len(rows), pa.int64()))
    rows = rows.append_column("source_offset", pa.array(numbers, pa.int64()))
    return rows.append_column("line_hash", pa.array(digests, pa.string()))


def read_batches(raw: IO[bytes], metadata: pq.FileMetaData, ref: ObjectRef) -> Iterator[pa.RecordBatch]:
    """As few rows at a time as the widest column allows."""
    if metadata.num_row_groups == metadata.num_rows == 0:
        return
    rows = min(plan.rows for plan in plan_batches(metadata, raw, ref.uri).values())
    parquet = pq.ParquetFile(raw, pre_buffer=False, buffer_size=_BUFFER_BYTES)
    yield from _join(parquet.iter_batches(batch_size=min(rows, MOST_ROWS_AT_ONCE), use_threads=False))


def _join(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Few rows at a time, for the widest value that could come, are joined to a page by what they hold: each step has its cost."""
    page: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        page.append(batch)
        rows, size = rows + len(batch), size + batch.nbytes
        if rows >= MOST_ROWS_AT_ONCE or size >= _PAGE_BYTES:
            yield from pa.Table.from_batches(page).combine_chunks().to_batches()
            page, rows, size = [], 0, 0
    yield from pa.Table.from_batches(page).combine_chunks().to_batches() if page else ()


def _may_be_null(name: str, contract: Contract) -> bool:
    """A value that was too wide for its column is null there, and whole in `_rescued`."""
    widens = contract.evolution[WIDENED_TYPE] == "evolve" and contract.kinds.get(name, {}).get("kind") in WIDER
    return name in contract.nullable or widens


def _read_column(parquet: pq.ParquetFile, name: str, rows: int) -> Iterator[pa.Array]:
    """A row group at a time: Arrow reads no list of dictionaries across two of them."""
    for group in range(parquet.num_row_groups):
        for batch in parquet.iter_batches(batch_size=rows, row_groups=[group], columns=[name], use_threads=False):
            yield batch.column(0)


def _promised_rows(stored: StoredObject, found: int) -> tuple[int, int]:
    try:
        return read_count(stored.metadata.get(ROWS_KEY, found)), read_count(stored.metadata.get(QUARANTINED_KEY, 0))
    except ValueError:
        raise PermanentError("metadata_malformed", f"{stored.ref.uri}: row counts are no integers") from None
