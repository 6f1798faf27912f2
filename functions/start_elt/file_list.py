"""What a run reads: its list of files, and a manifest a flow of checked objects and of quarantine, which SQL reads and nothing else."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions.start_elt.gathering import RunFiles, gather_files
from ripple.ports.holders import BucketPorts, FilePorts
from ripple.state.files import FileRecord
from ripple.state.head import EltRun, TrialFile
from ripple.wire.events import BronzeObjectLanded
from ripple.wire.paths import file_list_name, manifest_name

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
    "whole_at",
)


_NOTHING = {"rows_quarantined": 0, "rows_checked": 0, "quarantine_uri": None, "checked_uri": None, "whole_at": None}
_WITHDRAWN = _NOTHING | {"rows": 0, "is_withdrawn": True}
"""Of a file whose rows a run takes out of silver: none are to be there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInput:
    """The flows of a run, and those of them with checked objects, with quarantine and with forgotten keys, in order; the smallest
    file of each."""

    flows: tuple[str, ...]
    checked: tuple[str, ...]
    quarantined: tuple[str, ...]
    forgotten: tuple[str, ...]
    smallest: tuple[TrialFile, ...]


def write_run_input(run: EltRun, ports: FilePorts) -> RunInput:
    """Write the run's list and manifests, each once: a retry of the claim finds the same ones."""
    files = gather_files(run, ports)
    read = sorted(
        (file.landed for file in (*files.own.values(), *files.tried.values())),
        key=lambda fact: (fact.flow, fact.uri, fact.generation),
    )
    rows = list_rows(files, run)
    place = run.batch, run.epoch, run.part
    _write("control", file_list_name(*place), [json.dumps(row, sort_keys=True) for row in rows], ports)
    checked = _group((file.flow, file.checked_uri) for file in read)
    quarantined = _group((file.flow, file.quarantine_uri) for file in read)
    for bucket, uris_of in (("checked", checked), ("quarantine", quarantined)):
        for flow, uris in uris_of.items():
            _write(bucket, manifest_name(*place, flow), uris, ports)
    return RunInput(
        flows=tuple(sorted({str(row["flow"]) for row in rows})),
        checked=tuple(checked),
        quarantined=tuple(quarantined),
        forgotten=tuple(sorted({flow for flow, _ in files.keys})),
        smallest=find_smallest(files.own),
    )


def list_rows(files: RunFiles, run: EltRun) -> list[dict[str, Any]]:
    """What SQL is to do with each file: publish it, take it out, or try it, by flow and object; then the keys that it leaves out. Pure."""
    rows = [_as_row(file.landed, run) for file in files.own.values()]
    rows += [_as_row(file.landed, run) | {"is_tried": True} for file in files.tried.values()]
    rows += [_as_row(file.landed, run) | _WITHDRAWN for file in files.withdrawn.values()]
    rows += [
        _as_row(file.landed, run) | _NOTHING | {"count_forgotten": file.landed.rows}
        for file in files.forgotten.values()
    ]
    place = {"batch": run.batch, "epoch": run.epoch, "part": run.part}
    keys = [place | {"flow": flow, "key_hash": key_hash} for flow, key_hash in files.keys]
    return sorted(rows, key=lambda row: (row["flow"], row["uri"], row["generation"])) + keys


def find_smallest(files: Mapping[str, FileRecord]) -> tuple[TrialFile, ...]:
    """Of each flow its smallest file with accepted rows, by bytes and then by id. Pure."""
    best: dict[str, tuple[int, str]] = {}
    for id, file in files.items():
        fact = file.landed
        if fact.checked_uri:
            best[fact.flow] = min(best.get(fact.flow, (fact.bytes, id)), (fact.bytes, id))
    return tuple(TrialFile(flow=flow, file=id) for flow, (_, id) in sorted(best.items()))


def _group(uris: Iterable[tuple[str, str | None]]) -> Mapping[str, Sequence[str]]:
    """By flow, in order; flows without any are left out: BigQuery reads no empty manifest. Pure."""
    grouped: dict[str, list[str]] = defaultdict(list)
    for flow, uri in sorted({(flow, uri) for flow, uri in uris if uri is not None}):
        grouped[flow].append(uri)
    return grouped


def _write(bucket: str, name: str, lines: Sequence[str], ports: BucketPorts) -> None:
    ports.objects.create(ports.settings.bucket(bucket), name, ("\n".join(lines) + "\n").encode(), {})


def _as_row(fact: BronzeObjectLanded, run: EltRun) -> dict[str, Any]:
    row = {name: getattr(fact, name) for name in _COLUMNS}
    # An earlier release kept nothing of what it accepted: the run's audit then misses those rows, and says so.
    accepted = fact.rows - fact.rows_quarantined if fact.rows_checked is None else fact.rows_checked
    place = {"batch": run.batch, "epoch": run.epoch, "part": run.part}
    return place | row | {"rows_checked": accepted, "is_withdrawn": False, "is_tried": False, "count_forgotten": 0}
