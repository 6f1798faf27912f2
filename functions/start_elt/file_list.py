"""What a run reads: its list of files, and a manifest a flow of checked objects and of quarantine, which SQL reads and nothing else."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ripple.deployment.settings import BATCH_FILES
from ripple.ports.holders import BucketPorts, FilePorts
from ripple.state.files import FILES
from ripple.wire.events import BronzeObjectLanded
from ripple.wire.paths import file_list_name, manifest_name

WHOLE = 0
"""The part of a run that takes all files of its batch."""
_COLUMNS = (
    "flow",
    "uri",
    "generation",
    "dt",
    "rows",
    "rows_quarantined",
    "rows_checked",
    "quarantine_uri",
    "corrects_uri",
    "checked_uri",
    "arrived_at",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInput:
    """The flows of a run, and those of them with checked objects and with quarantine, in order."""

    flows: tuple[str, ...]
    checked: tuple[str, ...]
    quarantined: tuple[str, ...]


def write_run_input(batch: int, epoch: int, ports: FilePorts) -> RunInput:
    """Write the run's list and manifests, each once: a retry of the claim finds the same ones."""
    found = FILES.find(ports.documents, BATCH_FILES, batch=batch)
    files = sorted((file.landed for _, file in found), key=lambda file: (file.flow, file.uri, file.generation))
    lines = [json.dumps(_as_row(file, batch, epoch), sort_keys=True) for file in files]
    _write("control", file_list_name(batch, epoch, WHOLE), lines, ports)
    checked = _group((file.flow, file.checked_uri) for file in files)
    quarantined = _group((file.flow, file.quarantine_uri) for file in files)
    for bucket, uris_of in (("checked", checked), ("quarantine", quarantined)):
        for flow, uris in uris_of.items():
            _write(bucket, manifest_name(batch, epoch, WHOLE, flow), uris, ports)
    flows = tuple(sorted({file.flow for file in files}))
    return RunInput(flows=flows, checked=tuple(checked), quarantined=tuple(quarantined))


def _group(uris: Iterable[tuple[str, str | None]]) -> Mapping[str, Sequence[str]]:
    """By flow, in order; flows without any are left out: BigQuery reads no empty manifest. Pure."""
    grouped: dict[str, list[str]] = defaultdict(list)
    for flow, uri in sorted({(flow, uri) for flow, uri in uris if uri is not None}):
        grouped[flow].append(uri)
    return grouped


def _write(bucket: str, name: str, lines: Sequence[str], ports: BucketPorts) -> None:
    ports.objects.create(ports.settings.bucket(bucket), name, ("\n".join(lines) + "\n").encode(), {})


def _as_row(fact: BronzeObjectLanded, batch: int, epoch: int) -> dict[str, Any]:
    row = {name: getattr(fact, name) for name in _COLUMNS}
    # An earlier release kept nothing of what it accepted: the run's audit then misses those rows, and says so.
    accepted = fact.rows - fact.rows_quarantined if fact.rows_checked is None else fact.rows_checked
    return {"batch": batch, "epoch": epoch, "part": WHOLE} | row | {"rows_checked": accepted}
