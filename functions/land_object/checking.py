"""Check one Bronze object in bounded memory and write its bad rows to quarantine."""

from __future__ import annotations

import codecs
import hashlib
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import IO, Any

import orjson

from functions.land_object.correcting import read_origin
from functions.land_object.inflating import inflate
from ripple.errors import PermanentError
from ripple.ports import ObjectStore
from ripple.ports.holders import BucketPorts, FilePorts
from ripple.rows.contracts import Contract
from ripple.rows.contracts.corrections import expect_corrections
from ripple.rows.contracts.drift_report import DriftReport, DriftTally
from ripple.rows.contracts.lines import BadLine, Line, RescuedLine, find_bad_lines, split_lines
from ripple.wire.paths import BronzeName, ObjectRef, quarantine_name, rescued_name

_HOPELESS_ROWS = 10_000
"""Bad rows, and more than half of all so far: the file is rejected without reading the rest."""

CONTENT_KEY = "ripple-sha256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check found: size in bytes, rows with and without the bad ones, where those are; drift, and what is rescued of it.

    `is_whole` says whether all rows were read.
    """

    bytes: int
    rows: int
    rows_quarantined: int
    quarantine_uri: str | None
    drift: DriftReport | None = None
    rescued_uri: str | None = None
    corrects_uri: str | None = None
    is_whole: bool = True


def check_object(ref: ObjectRef, name: BronzeName, contract: Contract, ports: FilePorts) -> Checked:
    """Check the object's rows; PermanentError rejects it whole (empty, not gzip, not the contract's schema)."""
    if name.format.split(".")[0] != contract.format:
        raise PermanentError("format_unexpected", f"{ref.uri}: {contract.flow} comes as {contract.format}")
    stored = ports.objects.stat(ref.bucket, ref.name, ref.generation)
    if stored.size == 0:
        raise PermanentError("object_empty", f"{ref.uri} has no bytes", "drop the file again with its rows")
    if contract.format == "parquet":
        from functions.land_object.parquet import check_parquet

        rows, bad, quarantine_uri, drift = check_parquet(ref, stored, contract, ports.objects)
        return Checked(bytes=stored.size, rows=rows, rows_quarantined=bad, quarantine_uri=quarantine_uri, drift=drift)
    origin = read_origin(stored, contract.flow, ports)
    if origin is not None:
        contract = expect_corrections(contract, origin.lines)
    checked = _check_lines(ref, name, contract, ports, stored.size)
    return replace(checked, corrects_uri=origin.uri if origin else None)


class _Verdicts:
    """What is said of an object's lines, counted and written beside it."""

    def __init__(self, quarantine: IO[bytes], rescued: IO[bytes]) -> None:
        self.quarantine, self.rescued = quarantine, rescued
        self.rows = self.bad = 0
        self.drift = DriftTally()

    def add(self, found: BadLine | RescuedLine | None, flow: str, ref: ObjectRef) -> None:
        self.rows += 1
        if isinstance(found, BadLine):
            self.bad += 1
            self.quarantine.write(orjson.dumps(_as_record(found, flow, ref)) + b"\n")
        elif found is not None:
            self.rescued.write(orjson.dumps(_as_rescued(found, flow, ref)) + b"\n")
        if found is not None:
            self.drift.add(found.drifts, found.line, rescued=isinstance(found, RescuedLine))

    def is_hopeless(self, reject_ratio: float) -> bool:
        """A record is a hundred times as long as the shortest bad line: some kilobytes of gzip would fill any disk."""
        return self.bad >= _HOPELESS_ROWS and self.bad > 0.5 * self.rows > reject_ratio * self.rows


def _check_lines(ref: ObjectRef, name: BronzeName, contract: Contract, ports: BucketPorts, size: int) -> Checked:
    with tempfile.TemporaryFile() as quarantine, tempfile.TemporaryFile() as rescued, ports.objects.open(ref) as raw:
        verdicts = _Verdicts(quarantine, rescued)
        for found in _find_bad(raw, name, contract, ref):
            verdicts.add(found, contract.flow, ref)
            if verdicts.is_hopeless(ports.settings.reject_ratio):
                break
        if not verdicts.rows:
            raise PermanentError("object_empty", f"{ref.uri} has no rows, only blank lines")
        bucket = ports.settings.bucket
        return Checked(
            bytes=size,
            rows=verdicts.rows,
            rows_quarantined=verdicts.bad,
            quarantine_uri=_keep(
                quarantine, bucket("quarantine"), quarantine_name(name, ref.generation), ports.objects
            ),
            drift=verdicts.drift.report(contract),
            rescued_uri=_keep_rescued(rescued, bucket("control"), name, ref, ports.objects),
            is_whole=not verdicts.is_hopeless(ports.settings.reject_ratio),
        )


def _find_bad(
    raw: IO[bytes], name: BronzeName, contract: Contract, ref: ObjectRef
) -> Iterator[BadLine | RescuedLine | None]:
    stream = inflate(raw, ref.uri) if name.format.endswith(".gz") else raw
    try:
        yield from find_bad_lines(_without_mark(split_lines(stream), ref), contract)
    except (zlib.error, EOFError, OSError) as error:
        raise PermanentError("gzip_corrupt", f"{ref.uri}: {error}", "drop the file again, whole") from error


def _without_mark(lines: Iterator[Line], ref: ObjectRef) -> Iterator[Line]:
    """Engines drop a byte order mark and read the row that we would quarantine: the file is theirs or ours, not both."""
    for line in lines:
        if line.offset == 0 and line.content.startswith(codecs.BOM_UTF8):
            raise PermanentError("byte_order_mark", f"{ref.uri} begins with a byte order mark", "write it without one")
        yield line


def _as_record(bad: BadLine, flow: str, ref: ObjectRef) -> dict[str, Any]:
    return {
        "flow": flow,
        "object": ref.uri,
        "generation": ref.generation,
        "line": bad.line,
        "offset": bad.offset,
        "code": bad.violation.code,
        "field": bad.violation.field,
        "message": bad.violation.message,
        "raw": bad.raw,
        "line_hash": bad.line_hash,
    }


def _as_rescued(found: RescuedLine, flow: str, ref: ObjectRef) -> dict[str, Any]:
    return {"flow": flow, "object": ref.uri, "line": found.line, "line_hash": found.line_hash, "rescued": found.rescued}


def _keep(quarantine: IO[bytes], bucket: str, name: str, objects: ObjectStore) -> str | None:
    """Where the bad rows are. A replay under another contract finds others: they lie beside those of the first check."""
    if quarantine.tell() == 0:
        return None
    quarantine.seek(0)
    digest = hashlib.file_digest(quarantine, "sha256").hexdigest()  # type: ignore[arg-type]
    first = objects.create(bucket, name, quarantine, {CONTENT_KEY: digest})
    if first.metadata.get(CONTENT_KEY) == digest:
        return first.ref.uri
    beside = f"{name.removesuffix('.jsonl')}-{digest[:12]}.jsonl"
    return objects.create(bucket, beside, quarantine, {CONTENT_KEY: digest}).ref.uri


def _keep_rescued(
    rescued: IO[bytes], bucket: str, name: BronzeName, ref: ObjectRef, objects: ObjectStore
) -> str | None:
    return _keep(rescued, bucket, rescued_name(name, ref.generation), objects)
