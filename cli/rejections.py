"""Why a file was refused, in the terms of its rows: the commonest code, its first example, and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from cli.quarantine import read_rows
from ripple.deployment.codes import CODES
from ripple.gateways.edge import open_edge
from ripple.state.files import FileRecord

_MOST = 10_000
"""Rows that are counted: the commonest code of so many is that of all."""
_LONGEST = 200


def describe_rejection(environ: Mapping[str, str], file: FileRecord) -> dict[str, Any]:
    """Of a file that was rejected; without rows in quarantine, what its own code advises."""
    verdict = file.verdict
    code = str(getattr(verdict, "code", ""))
    rows = islice(read_rows(verdict.quarantine_uri, open_edge(environ)), _MOST) if verdict.quarantine_uri else ()
    return summarize(code, rows)


def summarize(code: str, rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Pure."""
    counts: Counter[str] = Counter()
    first: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        counts[str(row.get("code"))] += 1
        first.setdefault(str(row.get("code")), row)
    commonest = counts.most_common(1)[0][0] if counts else ""
    known = CODES.get(commonest or code)
    return {
        "code": code,
        "commonest": f"{commonest} in {counts[commonest]} of {counts.total()} rows" if commonest else "",
        "meaning": known.meaning if known else "",
        "example": _describe_row(first[commonest]) if commonest else "",
        "advice": known.next_step if known else "",
    }


def _describe_row(row: Mapping[str, Any]) -> str:
    field = f", {row['field']}" if row.get("field") else ""
    return f"line {row.get('line')}{field}: {row.get('message')}: {str(row.get('raw'))[:_LONGEST]}"
