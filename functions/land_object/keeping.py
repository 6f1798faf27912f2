"""Write what is accepted of an object as Parquet of our own, a page of rows at a time: the only thing of it that SQL reads."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from ripple.ports import ObjectStore, StoredObject
from ripple.rows.arrow_rows import to_columns
from ripple.rows.contracts import Contract
from ripple.rows.contracts.validation import CORRECTS_FIELD
from ripple.rows.sales_schema import RESCUED, arrow_schema
from ripple.wire.paths import checked_name

WRITER_VERSION = 1
"""Part of a contract's digest: a file that another writer checked has other columns, perhaps."""
_PAGE_ROWS = 10_000
_PAGE_BYTES = 8 * 1024**2
"""Of the rows as they came: a row group holds one page, and readers hold a row group in memory."""
PROVENANCE = (
    pa.field("corrects_line", pa.int64()),
    pa.field("source_uri", pa.string()),
    pa.field("source_generation", pa.int64()),
    pa.field("source_offset", pa.int64()),
    pa.field("arrived_at", pa.timestamp("us", tz="UTC")),
    pa.field("line_hash", pa.string()),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedRow:
    """A row that lands: decoded, where it begins in its object (bytes, or its number in Parquet), its hash, what is rescued."""

    row: Mapping[str, Any]
    offset: int
    line_hash: str
    rescued: str | None = None
    size: int = 0


def checked_schema(contract: Contract) -> pa.Schema:
    """The columns of a checked object: the contract's, what is rescued, and where the row is from."""
    return pa.schema([*arrow_schema(contract), RESCUED, *PROVENANCE])


def digest_contract(contract: Contract) -> str:
    """12 hex digits of what decides the columns and values of a checked object. Pure."""
    what = {
        "flow": contract.flow,
        "kinds": dict(contract.kinds),
        "evolution": dict(contract.evolution),
        "time": contract.time,
    }
    text = orjson.dumps([WRITER_VERSION, what], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()[:12]


@dataclass(slots=True, kw_only=True)
class CheckedWriter:
    """Collects accepted rows into a file of its own; nothing is in a bucket until `keep`. Close it, or use it with `with`."""

    source: StoredObject
    contract: Contract
    rows: int = 0
    _file: IO[bytes] = field(default_factory=tempfile.TemporaryFile)
    _page: list[AcceptedRow] = field(default_factory=list)
    _page_bytes: int = 0
    _content: Any = field(default_factory=hashlib.sha256)
    _writer: pq.ParquetWriter | None = None

    def __enter__(self) -> CheckedWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()
        self._file.close()

    def add(self, accepted: AcceptedRow) -> None:
        self._page.append(accepted)
        self._page_bytes += accepted.size
        self._content.update(f"{accepted.offset} {accepted.line_hash} {accepted.rescued or ''}\n".encode())
        if len(self._page) == _PAGE_ROWS or self._page_bytes >= _PAGE_BYTES:
            self._write_page()

    def add_columns(self, found: pa.Table, numbers: Sequence[int], digests: Sequence[str]) -> None:
        """Rows that are typed already, as a page of their own; not to be mixed with `add`."""
        if not len(found):
            return
        self._content.update("".join(digests).encode())
        nothing = pa.nulls(len(found), pa.int64())
        columns = {name: found.column(name) for name in found.column_names} | {"corrects_line": nothing}
        columns.setdefault(RESCUED.name, pa.nulls(len(found), RESCUED.type))
        self._write(_with_source(columns, numbers, digests, self.source, self.contract))

    def _write_page(self) -> None:
        self._write(to_checked(self._page, self.source, self.contract))
        self._page, self._page_bytes = [], 0

    def _write(self, table: pa.Table) -> None:
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._file, table.schema, compression="zstd", write_page_checksum=True)
        self._writer.write_table(table)
        self.rows += len(table)

    def keep(self, bucket: str, objects: ObjectStore) -> str | None:
        """The URI of the checked object, the same for every try; None where no row was accepted."""
        if self._page:
            self._write_page()
        if self._writer is None:
            return None
        self._writer.close()
        name = checked_name(
            self.contract.flow, self.source.ref, digest_contract(self.contract), self._content.hexdigest()[:12]
        )
        return objects.create(bucket, name, self._file, {}).ref.uri


def to_checked(page: Sequence[AcceptedRow], source: StoredObject, contract: Contract) -> pa.Table:
    """A page of accepted rows as the checked object has them. Pure."""
    columns: dict[str, Any] = to_columns([accepted.row for accepted in page], contract)
    columns[RESCUED.name] = [accepted.rescued for accepted in page]
    columns["corrects_line"] = [accepted.row.get(CORRECTS_FIELD) for accepted in page]
    offsets, digests = [accepted.offset for accepted in page], [accepted.line_hash for accepted in page]
    return _with_source(columns, offsets, digests, source, contract)


def _with_source(
    columns: Mapping[str, Any], offsets: Sequence[int], digests: Sequence[str], source: StoredObject, contract: Contract
) -> pa.Table:
    """The columns in the order of a checked object, with where their rows are from."""
    schema, rows = checked_schema(contract), len(offsets)
    whole = {
        **columns,
        "source_uri": pa.repeat(source.ref.uri, rows),
        "source_generation": pa.repeat(source.ref.generation, rows),
        "source_offset": offsets,
        "arrived_at": pa.repeat(source.created, rows),
        "line_hash": digests,
    }
    return pa.table([_as(whole[name.name], name.type) for name in schema], schema=schema)


def _as(values: Any, kind: pa.DataType) -> pa.Array | pa.ChunkedArray:
    return values.cast(kind) if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values, kind)
