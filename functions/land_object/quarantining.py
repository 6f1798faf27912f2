"""Keep the bad rows of an object beside it: those that landing found, after those that an export left out."""

from __future__ import annotations

import hashlib
from typing import IO, Any

import orjson

from ripple.errors import PermanentError
from ripple.ports import ObjectStore, StoredObject
from ripple.ports.holders import BucketPorts
from ripple.rows.contracts import Violation
from ripple.rows.sales_schema import QUARANTINE_KEY
from ripple.wire.paths import ObjectRef, split_uri

CONTENT_KEY = "ripple-sha256"


def as_record(
    flow: str, ref: ObjectRef, *, line: int, offset: int, violation: Violation, raw: str, line_hash: str
) -> dict[str, Any]:
    """A row in quarantine, with where it is from and why."""
    return {
        "flow": flow,
        "object": ref.uri,
        "generation": ref.generation,
        "line": line,
        "offset": offset,
        "code": violation.code,
        "field": violation.field,
        "message": violation.message,
        "raw": raw,
        "line_hash": line_hash,
    }


def keep_quarantine(quarantine: IO[bytes], bucket: str, name: str, objects: ObjectStore) -> str | None:
    """Where the bad rows are. A replay under another contract finds others: they are beside those of the first check."""
    if quarantine.tell() == 0:
        return None
    quarantine.seek(0)
    digest = hashlib.file_digest(quarantine, "sha256").hexdigest()  # type: ignore[arg-type]
    first = objects.create(bucket, name, quarantine, {CONTENT_KEY: digest})
    if first.metadata.get(CONTENT_KEY) == digest:
        return first.ref.uri
    beside = f"{name.removesuffix('.jsonl')}-{digest[:12]}.jsonl"
    return objects.create(bucket, beside, quarantine, {CONTENT_KEY: digest}).ref.uri


def find_exported(stored: StoredObject, promised: int, ports: BucketPorts) -> ObjectRef | None:
    """The quarantine object that an export's metadata names; PermanentError unless it is there, in the right bucket."""
    uri = stored.metadata.get(QUARANTINE_KEY)
    if not uri:
        if promised:
            raise _mismatch(stored, f"promises {promised} rows in quarantine and names no quarantine object")
        return None
    try:
        bucket, name = split_uri(uri)
        if bucket == ports.settings.bucket("quarantine"):
            return ports.objects.stat(bucket, name).ref
    except PermanentError as error:
        raise _mismatch(stored, f"names {uri:.500} as its quarantine: {error.reason}") from error
    raise _mismatch(stored, f"names {uri:.500}, which is not in {ports.settings.bucket('quarantine')}")


def read_exported(stored: StoredObject, promised: int, ports: BucketPorts) -> frozenset[int]:
    """Which of the documents an export left out, by number; PermanentError unless they are as many as it promises."""
    found = find_exported(stored, promised, ports)
    if found is None:
        return frozenset()
    lines: list[int] = []
    try:
        with ports.objects.open(found) as records:
            for record in records:
                lines.append(int(orjson.loads(record)["line"]))
                if len(lines) > promised:
                    break
    except (ValueError, TypeError, KeyError) as error:
        raise _mismatch(stored, f"names {found.uri}, which is no quarantine: {error!r:.200}") from error
    if len(set(lines)) != promised or len(lines) != promised:
        raise _mismatch(stored, f"promises {promised} rows in quarantine, and {found.uri} holds another number")
    return frozenset(lines)


def copy_exported(stored: StoredObject, quarantine: IO[bytes], ports: BucketPorts) -> None:
    """The records of an export into the one quarantine object of its file."""
    found = find_exported(stored, 0, ports)
    if found is not None:
        with ports.objects.open(found) as records:
            quarantine.writelines(line.rstrip(b"\n") + b"\n" for line in records)


def _mismatch(stored: StoredObject, what: str) -> PermanentError:
    return PermanentError("quarantine_mismatch", f"{stored.ref.uri} {what}", "export the batch again")
