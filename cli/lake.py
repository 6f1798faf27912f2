"""Put files into Bronze."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from google.api_core.exceptions import PreconditionFailed

from cli.provisioning.clients import AdminClients
from ripple.wire.paths import bronze_name, parse_bronze_name


def drop_file(environ: Mapping[str, str], file: Path, flow: str, day: str) -> str:
    """Upload under the flow's name; the object's URI. A name that is taken stays as it is."""
    stem, _, suffix = file.name.partition(".")
    name = bronze_name(flow, day, stem, suffix)
    parse_bronze_name(name)
    clients = AdminClients(environ)
    blob = clients.storage.bucket(f"{clients.project}-bronze").blob(name)
    try:
        blob.upload_from_filename(str(file), if_generation_match=0)
    except PreconditionFailed:
        raise FileExistsError(f"gs://{blob.bucket.name}/{name} exists: Bronze is never rewritten") from None
    return f"gs://{blob.bucket.name}/{name}"
