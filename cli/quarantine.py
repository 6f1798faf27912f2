"""Browse what was refused: which objects have bad rows, and the rows themselves."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

from cli.run_refusals import Generation, count_refusals, read_refusals
from ripple.deployment.codes import CODES
from ripple.errors import PermanentError
from ripple.gateways.edge import open_edge
from ripple.ports.holders import HasDocuments, HasObjects
from ripple.state.files import FILES, FileRecord
from ripple.wire.paths import parse_bronze_name, split_uri

SHOWN = ("line", "offset", "code", "field", "message", "raw")


class RecordedPorts(HasDocuments, HasObjects, Protocol):
    """Objects, and what is recorded of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Objects of a flow (any, if empty) whose day is in `[day_from, day_to)`."""

    flow: str = ""
    day_from: str = "0001-01-01"
    day_to: str = "9999-99-99"

    def takes(self, flow: str, day: str) -> bool:
        return self.flow in ("", flow) and self.day_from <= day < self.day_to


def list_quarantined(environ: Mapping[str, str], wanted: Wanted, limit: int) -> list[dict[str, Any]]:
    """Objects with rows that landing or a run refused, and objects refused whole, by flow and day: counts by code."""
    edge = open_edge(environ)
    of_runs = count_refusals(environ)
    files = (file for _, file in FILES.find_all(edge.documents) if file.state != "claimed")
    found = [described for file in files if (described := _describe(file, wanted, of_runs)) is not None]
    found.sort(key=lambda one: (one["flow"], one["day"], one["object"], one["generation"]))
    return [one | _describe_rows(one, of_runs, edge) for one in found[:limit]]


def _describe(file: FileRecord, wanted: Wanted, of_runs: Mapping[Generation, Counter[str]]) -> dict[str, Any] | None:
    fact = file.verdict
    flow, day = _read_place(file.uri)
    by_rules = of_runs.get((file.uri, file.generation), Counter()).total()
    if not wanted.takes(flow, day) or not (fact.rows_quarantined or by_rules or file.state == "rejected"):
        return None
    return {
        "object": file.uri,
        "generation": file.generation,
        "flow": flow,
        "day": day,
        "state": file.state,
        "rows": fact.rows,
        "rows_quarantined": (fact.rows_quarantined or 0) + by_rules,
        "quarantine_uri": fact.quarantine_uri,
        "rejected": getattr(fact, "code", None),
    }


def _read_place(uri: str) -> tuple[str, str]:
    """Flow and day by the object's name; of one that is named otherwise, none."""
    try:
        name = parse_bronze_name(split_uri(uri)[1])
    except PermanentError:
        return "", "0001-01-01"
    return name.flow, name.dt


def _describe_rows(
    described: Mapping[str, Any], of_runs: Mapping[Generation, Counter[str]], edge: HasObjects
) -> dict[str, Any]:
    """`codes`, and `quarantine_gone`: whether landing's rows were erased or have expired."""
    rows = _read_if_there(described["quarantine_uri"], edge)
    counts = Counter(str(row.get("code")) for row in rows or ())
    counts += of_runs.get((described["object"], described["generation"]), Counter())
    return {"codes": dict(sorted(counts.items())), "quarantine_gone": rows is None}


def _read_if_there(uri: str | None, edge: HasObjects) -> Iterator[dict[str, Any]] | None:
    """The records of a quarantine object; none of no object, None of one that is gone."""
    if not uri:
        return iter(())
    try:
        edge.objects.stat(*split_uri(uri))
    except PermanentError as error:
        if error.code != "object_missing":
            raise
        return None
    return read_rows(uri, edge)


def read_rows(uri: str, edge: HasObjects) -> Iterator[dict[str, Any]]:
    """The records of a quarantine object, one held at a time."""
    with edge.objects.open(edge.objects.stat(*split_uri(uri)).ref) as lines:
        for line in lines:
            yield json.loads(line)


def show_rows(environ: Mapping[str, str], uri: str, limit: int) -> dict[str, Any]:
    """The refused rows of a Bronze object, or those in a quarantine object, with what their codes mean."""
    edge = open_edge(environ)
    bucket, _ = split_uri(uri)
    in_quarantine = bucket == edge.settings.bucket("quarantine")
    answer: dict[str, Any] = {"quarantine_uri": uri} if in_quarantine else _find_quarantine(uri, edge)
    found = read_rows(uri, edge) if in_quarantine else _read_if_there(answer["quarantine_uri"], edge)
    rows = list(islice(found or (), limit))
    if not in_quarantine and len(rows) < limit:
        rows += read_refusals(environ, (uri, answer["generation"]), limit - len(rows))
    met = {row["code"] for row in rows} | ({answer["rejected"]} if answer.get("rejected") else set())
    advice = {
        name: {"meaning": CODES[name].meaning, "next_step": CODES[name].next_step} for name in met if name in CODES
    }
    answer |= {"quarantine_gone": found is None}
    return answer | {"rows": [{name: row.get(name) for name in SHOWN} for row in rows], "codes": advice}


def _find_quarantine(uri: str, edge: RecordedPorts) -> dict[str, Any]:
    bucket, name = split_uri(uri)
    ref = edge.objects.stat(bucket, name).ref
    file = FILES.get(edge.documents, ref.key)
    if file is None or file.fact is None:
        raise PermanentError("object_missing", f"{uri} has not been checked yet", f"see `ripple where {uri}`")
    fact = file.verdict
    refusal = {"rejected": getattr(fact, "code", None), "reason": getattr(fact, "reason", None)}
    return {"quarantine_uri": fact.quarantine_uri, "generation": ref.generation} | refusal
