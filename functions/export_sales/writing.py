"""Write one slice of sales: good documents to Parquet in Bronze, bad ones to quarantine, a page at a time."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from functions.export_sales.columns import to_frame
from ripple.deployment.settings import Settings
from ripple.ports import ObjectStore, Page
from ripple.rows.contracts import Contract, Violation
from ripple.rows.contracts.columns import find_suspects
from ripple.rows.contracts.drift_report import DriftTally, write_report
from ripple.rows.contracts.evolution import examine
from ripple.rows.contracts.lines import hash_line
from ripple.rows.contracts.rescuing import rescue
from ripple.rows.sales_schema import DRIFT_KEY, QUARANTINE_KEY, QUARANTINED_KEY, RESCUED, ROWS_KEY, arrow_schema
from ripple.rows.tagged_json import write_tagged
from ripple.wire.events import SalesSliceExported
from ripple.wire.paths import bronze_name


@dataclass(slots=True, kw_only=True)
class Slice:
    """One Parquet object in the making: its number in the batch, of how many by plan, first day, what was counted, its files."""

    batch_id: str
    number: int
    day: str
    of: int | None = None
    rows: int = 0
    rows_quarantined: int = 0
    quarantine_uri: str | None = None
    drift: DriftTally = field(default_factory=DriftTally)
    parquet: IO[bytes] = field(default_factory=tempfile.TemporaryFile)
    quarantine: IO[bytes] = field(default_factory=tempfile.TemporaryFile)

    @property
    def stem(self) -> str:
        # A plan's cuts are its own: under another name, an object of a try before there was a plan is never taken for one of it.
        return f"{self.batch_id}-{self.number:05d}" + (f"-of-{self.of:05d}" if self.of else "")

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


def keep_slice(
    made: Slice, slices: int, objects: ObjectStore, settings: Settings
) -> tuple[SalesSliceExported, dt.datetime]:
    """The fact of the object in Bronze, and when that was created.

    It is written whole after its quarantine; one that is there already stays, and the fact is of that one.
    """
    if made.rows_quarantined:
        bad_name = f"sales/dt={made.day}/{made.stem}-0.jsonl"
        made.quarantine_uri = objects.create(settings.bucket("quarantine"), bad_name, made.quarantine, {}).ref.uri
    stored = objects.create(settings.bucket("bronze"), made.name, made.parquet, _metadata(made))
    fact = SalesSliceExported(
        batch_id=made.batch_id,
        slice=made.number,
        slices=slices,
        uri=stored.ref.uri,
        generation=stored.ref.generation,
        rows=int(stored.metadata[ROWS_KEY]),
        rows_quarantined=int(stored.metadata[QUARANTINED_KEY]),
        quarantine_uri=stored.metadata.get(QUARANTINE_KEY),
    )
    return fact, stored.created


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
    with _open_writer(parquet, schema) as writer:
        for page in pages:
            good = []
            suspects = find_suspects([row for _, row in page], contract)
            for at, (doc_id, row) in enumerate(page):
                made.rows += 1
                violation = contract.find_violation(row) if at in suspects else None
                landing = row if violation is None else _rescue_drifted(row, contract, made)
                if landing is not None:
                    good.append(landing)
                elif violation is not None:
                    made.rows_quarantined += 1
                    quarantine.write(_as_record(doc_id, row, violation, made.rows, uri))
            if good:
                writer.write_table(_to_table(good, contract, schema))
        report = made.drift.report(contract)
        if report is not None:
            writer.add_key_value_metadata({DRIFT_KEY: write_report(report)})


def _open_writer(parquet: IO[bytes], schema: pa.Schema) -> pq.ParquetWriter:
    # A flipped bit in a page is another value that looks right, but for its checksum. Lists go without dictionaries: where
    # one outgrows its page, Arrow cannot read it back as such.
    flat = [field.name for field in schema if not pa.types.is_nested(field.type)]
    return pq.ParquetWriter(
        parquet, schema.append(RESCUED), compression="zstd", use_dictionary=flat, write_page_checksum=True
    )


def _rescue_drifted(row: Mapping[str, Any], contract: Contract, made: Slice) -> Mapping[str, Any] | None:
    """The row as it lands, if all that is wrong with it is drift that its contract lets through."""
    examined = examine(row, contract)
    landing = rescue(row, examined.paths, contract) if examined.lands else None
    made.drift.add(examined.drifts, made.rows, rescued=landing is not None)
    return landing


def _to_table(rows: Sequence[Mapping[str, Any]], contract: Contract, schema: pa.Schema) -> pa.Table:
    table = pa.Table.from_pandas(to_frame(rows, contract), schema=schema, preserve_index=False)
    return table.append_column(RESCUED, pa.array([row.get(RESCUED.name) for row in rows], RESCUED.type))


def _as_record(doc_id: str, row: object, violation: Violation, ordinal: int, uri: str) -> bytes:
    """Offset 0 and generation 0: a document has neither; its id's hash takes the place of a line's.

    It is kept whole: a line is still in Bronze, but a document may have changed by the time that someone looks.
    """
    record = {
        "flow": "sales",
        "object": uri,
        "generation": 0,
        "line": ordinal,
        "offset": 0,
        "code": violation.code,
        "field": violation.field,
        "message": violation.message,
        "raw": write_tagged({"id": doc_id, "fields": row}),
        "line_hash": hash_line(doc_id),
    }
    return orjson.dumps(record) + b"\n"
