"""The list of a batch's files in the control bucket, which the SQL reads as an external table."""

from __future__ import annotations

import json
from typing import Any

from ripple.ports.holders import FilePorts
from ripple.state.files import FILES
from ripple.wire.events import BronzeObjectLanded
from ripple.wire.paths import file_list_name

_COLUMNS = (
    "flow",
    "uri",
    "generation",
    "dt",
    "rows",
    "rows_quarantined",
    "quarantine_uri",
    "rescued_uri",
    "corrects_uri",
)


def write_file_list(batch: int, epoch: int, ports: FilePorts) -> None:
    """Written once per batch: a replay reads the same claimed set."""
    files = FILES.find(ports.documents, 1000, batch=batch)
    lines = [json.dumps(_as_row(file.landed, batch, epoch), sort_keys=True) for _, file in files]
    data = ("\n".join(sorted(lines)) + "\n").encode()
    ports.objects.create(ports.settings.bucket("control"), file_list_name(batch), data, {})


def _as_row(fact: BronzeObjectLanded, batch: int, epoch: int) -> dict[str, Any]:
    return {"batch": batch, "epoch": epoch} | {name: getattr(fact, name) for name in _COLUMNS}
