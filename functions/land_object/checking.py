"""Check one Bronze object in bounded memory and write its bad rows to quarantine."""

from __future__ import annotations

import hashlib
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import orjson

from functions.land_object.inflating import inflate
from ripple.contracts import Contract
from ripple.contracts.lines import BadLine, find_bad_lines, split_lines
from ripple.errors import PermanentError
from ripple.paths import BronzeName, ObjectRef, quarantine_name
from ripple.ports import ObjectStore
from ripple.settings import Settings

CONTENT_KEY = "ripple-sha256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check found: size in bytes, rows with and without the bad ones, where those are."""

    bytes: int
    rows: int
    rows_quarantined: int
    quarantine_uri: str | None


def check_object(
    ref: ObjectRef, name: BronzeName, contract: Contract, objects: ObjectStore, settings: Settings
) -> Checked:
    """Check the object's rows; PermanentError rejects it whole (empty, not gzip, not the contract's schema)."""
    if name.format.split(".")[0] != contract.format:
        raise PermanentError("format_unexpected", f"{ref.uri}: {contract.flow} comes as {contract.format}")
    stored = objects.stat(ref.bucket, ref.name, ref.generation)
    if stored.size == 0:
        raise PermanentError("object_empty", f"{ref.uri} has no bytes", "drop the file again with its rows")
    if contract.format == "parquet":
        from functions.land_object.parquet import check_parquet

        rows, bad, quarantine_uri = check_parquet(ref, stored, contract, objects)
        return Checked(bytes=stored.size, rows=rows, rows_quarantined=bad, quarantine_uri=quarantine_uri)
    return _check_lines(ref, name, contract, objects, settings, stored.size)


def _check_lines(
    ref: ObjectRef, name: BronzeName, contract: Contract, objects: ObjectStore, settings: Settings, size: int
) -> Checked:
    rows = bad = 0
    with tempfile.TemporaryFile() as quarantine, objects.open(ref) as raw:
        for found in _find_bad(raw, name, contract, ref):
            rows += 1
            if found is not None:
                bad += 1
                quarantine.write(orjson.dumps(_as_record(found, contract.flow, ref)) + b"\n")
        if not rows:
            raise PermanentError("object_empty", f"{ref.uri} has no rows, only blank lines")
        uri = _keep(quarantine, settings.bucket("quarantine"), quarantine_name(name, ref.generation), objects)
    return Checked(bytes=size, rows=rows, rows_quarantined=bad, quarantine_uri=uri if bad else None)


def _find_bad(raw: IO[bytes], name: BronzeName, contract: Contract, ref: ObjectRef) -> Iterator[BadLine | None]:
    stream = inflate(raw, ref.uri) if name.format.endswith(".gz") else raw
    try:
        yield from find_bad_lines(split_lines(stream), contract)
    except (zlib.error, EOFError, OSError) as error:
        raise PermanentError("gzip_corrupt", f"{ref.uri}: {error}", "drop the file again, whole") from error


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
