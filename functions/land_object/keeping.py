"""Write what is accepted of an object as Parquet of our own, a page of rows at a time: the only thing of it that SQL reads."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import IO, Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ripple.ports import ObjectStore, StoredObject
from ripple.rows.contracts import Contract
from ripple.rows.sales_schema import RESCUED, arrow_schema
from ripple.wire.paths import checked_name

WRITER_VERSION = 1
"""Part of a contract's digest: a file that another writer checked has other columns, perhaps."""
_REPEATS = 2
PROVENANCE = (
    pa.field("corrects_line", pa.int64()),
    pa.field("source_uri", pa.string()),
    pa.field("source_generation", pa.int64()),
    pa.field("source_offset", pa.int64()),
    pa.field("arrived_at", pa.timestamp("us", tz="UTC")),
    pa.field("line_hash", pa.string()),
)


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
    what |= {} if contract.dialect is None else {"dialect": asdict(contract.dialect)}
    what |= {"columns": dict(contract.columns)} if contract.columns else {}
    text = orjson.dumps([WRITER_VERSION, what], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()[:12]


@dataclass(slots=True, kw_only=True)
class CheckedWriter:
    """Collects accepted rows into a file of its own; nothing is in a bucket until `keep`. Close it, or use it with `with`."""

    source: StoredObject
    contract: Contract
    rows: int = 0
    _file: IO[bytes] = field(default_factory=tempfile.TemporaryFile)
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

    def add(self, found: pa.Table) -> None:
        """Typed rows, as a row group of their own: the contract's columns, what is rescued, and of PROVENANCE what differs by row."""
        if not len(found):
            return
        table = _with_source(found, self.source, checked_schema(self.contract))
        self._note_content(table)
        table = table.rename_columns([self.contract.columns.get(name, name) for name in table.column_names])
        if self._writer is None:
            self._writer = pq.ParquetWriter(
                self._file,
                table.schema,
                compression="zstd",
                write_page_checksum=True,
                use_dictionary=find_repeating(table),
                # No reader skips a row group: a run reads all of its files.
                write_statistics=False,
            )
        self._writer.write_table(table)
        self.rows += len(table)

    def _note_content(self, table: pa.Table) -> None:
        self._content.update(table.column("source_offset").to_numpy().tobytes())
        for name in ("line_hash", RESCUED.name):
            column = table.column(name)
            if column.null_count < len(column):
                self._content.update(pc.binary_join(_as_list(column.fill_null("")), "\n")[0].as_buffer())

    def keep(self, bucket: str, objects: ObjectStore) -> str | None:
        """The URI of the checked object, the same for every try; None where no row was accepted."""
        if self._writer is None:
            return None
        self._writer.close()
        name = checked_name(
            self.contract.flow, self.source.ref, digest_contract(self.contract), self._content.hexdigest()[:12]
        )
        return objects.create(bucket, name, self._file, {}).ref.uri


def _as_list(column: pa.ChunkedArray) -> pa.ListArray:
    whole = column.combine_chunks()
    return pa.ListArray.from_arrays(pa.array([0, len(whole)], pa.int32()), whole)


def find_repeating(table: pa.Table) -> list[str]:
    """Columns of texts that repeat: a dictionary of the others costs more than all else of writing them, and saves nothing."""
    texts = [field.name for field in table.schema if pa.types.is_string(field.type)]
    return [name for name in texts if pc.count_distinct(table.column(name)).as_py() * _REPEATS <= len(table)]


def _with_source(found: pa.Table, source: StoredObject, schema: pa.Schema) -> pa.Table:
    """The columns in the order of a checked object, with what they are all from."""
    rows = len(found)
    columns = {name: found.column(name) for name in found.column_names} | {
        "source_uri": pa.repeat(source.ref.uri, rows),
        "source_generation": pa.repeat(source.ref.generation, rows),
        "arrived_at": pa.repeat(source.created, rows),
    }
    return pa.table([columns[field.name].cast(field.type) for field in schema], schema=schema)
