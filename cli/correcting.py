"""Drop corrected lines of what is in quarantine back into Bronze, joined to their origin."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from google.api_core.exceptions import NotFound, PreconditionFailed

from cli.provisioning.clients import AdminClients
from ripple.rows.contracts.corrections import CORRECTS_KEY, write_correction
from ripple.wire.paths import correction_name, parse_bronze_name, split_uri

Record = dict[str, Any]


def drop_correction(environ: Mapping[str, str], file: Path, quarantine_uri: str) -> str:
    """Put the corrected records of a quarantine object into Bronze; the URI of the object that corrects.

    `file` is records as quarantine has them, one a line, their `raw` corrected; those that are left out stay in quarantine. The same
    correction twice is one object. ValueError names the lines that cannot be dropped; nothing is dropped then.
    """
    clients = AdminClients(environ)
    kept = _read_quarantine(clients, quarantine_uri)
    lines = write_lines(read_records(file.read_bytes(), str(file)), kept, quarantine_uri)
    content = "".join(f"{line}\n" for line in lines).encode()
    bucket, name = split_uri(kept[0]["object"])
    blob = clients.storage.bucket(bucket).blob(correction_name(parse_bronze_name(name), content))
    blob.metadata = {CORRECTS_KEY: quarantine_uri}
    with suppress(PreconditionFailed):  # its name is its content's: it is there already
        blob.upload_from_string(content, if_generation_match=0)
    return f"gs://{bucket}/{blob.name}"


def write_lines(records: Sequence[Record], kept: Sequence[Record], place: str) -> list[str]:
    """The Bronze lines of edited records of the quarantine object `kept`. ValueError names all that are not of it. Pure."""
    if kept[0]["flow"] == "sales":
        raise ValueError(
            "sales are corrected where they come from: correct the order in Firestore, its next export brings it in"
        )
    places = {(record["object"], record["line"]) for record in kept}
    strays = [
        str(record.get("line")) for record in records if (str(record.get("object")), _number(record)) not in places
    ]
    if strays:
        raise ValueError(f"not in {place}: line {', '.join(strays[:10])}")
    if not records:
        raise ValueError(f"no record of {place} to drop")
    return [write_correction(record) for record in records]


def _number(record: Record) -> int:
    line = record.get("line")
    return line if isinstance(line, int) else 0


def _read_quarantine(clients: AdminClients, uri: str) -> list[Record]:
    bucket, name = split_uri(uri)
    if bucket != f"{clients.project}-quarantine":
        raise ValueError(f"{uri} is not in quarantine; ripple where OBJECT says where an object's quarantine is")
    try:
        records = read_records(clients.storage.bucket(bucket).blob(name).download_as_bytes(), uri)
    except NotFound:
        raise ValueError(f"{uri} does not exist; ripple where OBJECT says where an object's quarantine is") from None
    if not records or not all({"flow", "object", "line"} <= record.keys() for record in records):
        raise ValueError(f"{uri} holds no records of quarantine")
    return records


def read_records(data: bytes, place: str) -> list[Record]:
    """JSON objects, one a line; ValueError names the first that is none."""
    records = []
    for number, line in enumerate(data.splitlines(), 1):
        try:
            record = json.loads(line) if line.strip() else None
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{place}, line {number}: no JSON: {error}") from None
        if isinstance(record, dict):
            records.append(record)
        elif line.strip():
            raise ValueError(f"{place}, line {number}: not a JSON object")
    return records
