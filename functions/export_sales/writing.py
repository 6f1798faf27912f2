"""Write one slice of sales: good documents to Parquet in Bronze, bad ones to quarantine, a page at a time."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from functions.export_sales.columns import to_frame
from ripple.contracts import Contract, Violation
from ripple.contracts.columns import find_suspects
from ripple.contracts.lines import hash_line
from ripple.paths import bronze_name
from ripple.ports import ObjectStore, StoredObject
from ripple.sales_schema import QUARANTINE_KEY, QUARANTINED_KEY, ROWS_KEY, arrow_schema
from ripple.settings import Settings

Page = Sequence[tuple[str, Mapping[str, Any]]]


@dataclass(slots=True, kw_only=True)
class Slice:
    """One Parquet object in the making: its number in the batch, first day, what was counted so far, and its files."""

    batch_id: str
    number: int
    day: str
    rows: int = 0
    rows_quarantined: int = 0
    quarantine_uri: str | None = None
    parquet: IO[bytes] = field(default_factory=tempfile.TemporaryFile)
    quarantine: IO[bytes] = field(default_factory=tempfile.TemporaryFile)

    @property
    def stem(self) -> str:
        return f"{self.batch_id}-{self.number:05d}"

    @property
    def name(self) -> str:
        return bronze_name("sales", self.day, self.stem, "parquet")

    def close(self) -> None:
        self.parquet.close()
        self.quarantine.close()


def write_slice(made: Slice, pages: Iterable[Page], contract: Contract, settings: Settings) -> None:
    """Fill the slice's own files; nothing is in a bucket until `keep_slice`."""
    uri = f"gs://{settings.bucket('bronze')}/{made.name}"
    _write_pages(made, pages, contract, uri, made.parquet, made.quarantine)


def keep_slice(made: Slice, objects: ObjectStore, settings: Settings) -> StoredObject:
    """The object in Bronze, written whole after its quarantine; a slice that is there already stays as it is."""
    if made.rows_quarantined:
        bad_name = f"sales/dt={made.day}/{made.stem}-0.jsonl"
        made.quarantine_uri = objects.create(settings.bucket("quarantine"), bad_name, made.quarantine, {}).ref.uri
    return objects.create(settings.bucket("bronze"), made.name, made.parquet, _metadata(made))


def _metadata(made: Slice) -> dict[str, str]:
    counts = {ROWS_KEY: str(made.rows), QUARANTINED_KEY: str(made.rows_quarantined), "ripple-batch": made.batch_id}
    return counts | ({QUARANTINE_KEY: made.quarantine_uri} if made.quarantine_uri else {})


def _write_pages(
    made: Slice,
    pages: Iterable[Page],
    contract: Contract,
    uri: str,
    parquet: IO[bytes],
    quarantine: IO[bytes],
) -> None:
    schema = arrow_schema(contract)
    with pq.ParquetWriter(parquet, schema, compression="zstd") as writer:
        for page in pages:
            good = []
            suspects = find_suspects([row for _, row in page], contract)
            for at, (doc_id, row) in enumerate(page):
                made.rows += 1
                violation = contract.find_violation(row) if at in suspects else None
                if violation is None:
                    good.append(row)
                else:
                    made.rows_quarantined += 1
                    quarantine.write(_as_record(doc_id, row, violation, made.rows, uri))
            if good:
                frame = to_frame(good, contract)
                writer.write_table(pa.Table.from_pandas(frame, schema=schema, preserve_index=False))


def _as_record(doc_id: str, row: object, violation: Violation, ordinal: int, uri: str) -> bytes:
    """Offset 0 and generation 0: a document has neither; its id's hash takes the place of a line's."""
    record = {
        "flow": "sales",
        "object": uri,
        "generation": 0,
        "line": ordinal,
        "offset": 0,
        "code": violation.code,
        "field": violation.field,
        "message": violation.message,
        "raw": orjson.dumps({"id": doc_id, "fields": row}, default=str, option=orjson.OPT_NON_STR_KEYS).decode()[:8192],
        "line_hash": hash_line(doc_id),
    }
    return orjson.dumps(record) + b"\n"
