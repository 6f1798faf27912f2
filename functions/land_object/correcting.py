"""The origin of an object that corrects quarantined lines: it must have landed, and the lines must be in its quarantine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import orjson

from ripple.errors import PermanentError, RetryableError
from ripple.ports import StoredObject
from ripple.ports.holders import BucketPorts, FilePorts, HasDocuments, HasObjects
from ripple.rows.contracts.corrections import CORRECTS_KEY
from ripple.state.files import FILES
from ripple.wire.paths import ObjectRef, split_uri

MAX_BYTES = 256 * 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A landed Bronze object, and the numbers of its lines that are in quarantine."""

    uri: str
    lines: frozenset[int]


def read_origin(stored: StoredObject, flow: str, ports: FilePorts) -> Origin | None:
    """Whose lines the object corrects; None if it is no correction. PermanentError rejects one that corrects nothing real."""
    quarantine_uri = stored.metadata.get(CORRECTS_KEY)
    if quarantine_uri is None:
        return None
    found: dict[tuple[str, str, int], set[int]] = {}
    for owner, line in _read_places(_find_quarantine(quarantine_uri, stored, ports), ports):
        found.setdefault(owner, set()).add(line)
    if len(found) != 1:
        raise PermanentError("correction_malformed", f"{quarantine_uri} is not the quarantine of one object")
    ((origin_flow, uri, generation), lines) = found.popitem()
    if origin_flow != flow:
        raise PermanentError("correction_malformed", f"{stored.ref.uri} is {flow}, {quarantine_uri} is {origin_flow}")
    _expect_landed(uri, generation, ports)
    return Origin(uri=uri, lines=frozenset(lines))


def _find_quarantine(uri: str, stored: StoredObject, ports: BucketPorts) -> ObjectRef:
    bucket, name = split_uri(uri)
    if bucket != ports.settings.bucket("quarantine"):
        raise PermanentError("correction_malformed", f"{stored.ref.uri} corrects {uri}, which is not in quarantine")
    try:
        found = ports.objects.stat(bucket, name)
    except PermanentError as error:
        raise PermanentError("correction_origin_missing", f"{stored.ref.uri} corrects {uri}: {error.reason}") from error
    if found.size > MAX_BYTES:
        raise PermanentError(
            "correction_too_large",
            f"{uri} has {found.size} bytes",
            "correct the whole file and drop it under another name",
        )
    return found.ref


def _read_places(quarantine: ObjectRef, ports: HasObjects) -> Iterator[tuple[tuple[str, str, int], int]]:
    """`((flow, object, generation), line)` of each record."""
    try:
        with ports.objects.open(quarantine) as lines:
            for line in lines:
                record = orjson.loads(line)
                yield (str(record["flow"]), str(record["object"]), int(record["generation"])), int(record["line"])
    except (ValueError, TypeError, KeyError) as error:
        raise PermanentError("correction_malformed", f"{quarantine.uri} is no quarantine: {error!r:.200}") from error


def _expect_landed(uri: str, generation: int, ports: HasDocuments) -> None:
    bucket, name = split_uri(uri)
    file = FILES.get(ports.documents, ObjectRef(bucket=bucket, name=name, generation=generation).key)
    if file is None:
        raise PermanentError("correction_origin_missing", f"{uri}#{generation} never came to Bronze")
    if file.state == "claimed":
        raise RetryableError(f"{uri}#{generation}, which is to be corrected, has not landed yet")
    if file.state != "landed":
        raise PermanentError(
            "correction_of_rejected",
            f"{uri} was rejected whole, so that none of its rows is in silver",
            "correct the whole file and drop it under another name",
        )
    if file.landed.corrects_uri:
        raise PermanentError(
            "correction_of_correction",
            f"{uri} is itself a correction, of {file.landed.corrects_uri}",
            "correct the lines of that object again",
        )
