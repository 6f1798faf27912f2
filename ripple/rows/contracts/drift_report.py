"""What is reported of an object's drift: counted over its rows, bounded, without values. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ripple.rows.contracts.checks import Contract
from ripple.rows.contracts.evolution import Drift

MOST_FIELDS = 50
_MOST_REPORT_BYTES = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftReport:
    """What an event says of an object's drift; see `bronze.contract.drifted.v1`."""

    policy: Mapping[str, str]
    drifts: Sequence[Mapping[str, Any]]
    drifts_further: int
    rows_drifted: int
    rows_rescued: int


_REPORTED = {"field": str, "kind": str, "declared": str, "seen": str, "rows": int, "first_line": int}


def write_report(report: DriftReport) -> str:
    """As JSON, for `read_report`."""
    return json.dumps(asdict(report), sort_keys=True)


def read_report(text: bytes) -> DriftReport:
    """ValueError for what no tally wrote: a report goes into an event, so it is bounded and holds no values."""
    counts = ("drifts_further", "rows_drifted", "rows_rescued")
    report = _parse_report(text)
    if report.keys() != {"policy", "drifts", *counts} or not all(type(report[name]) is int for name in counts):
        raise ValueError("not a report of drift")
    drifts, policy = report["drifts"], report["policy"]
    if not isinstance(policy, dict) or not all(isinstance(value, str) for value in policy.values()):
        raise ValueError("not a report of drift: its policy")
    if not isinstance(drifts, list) or len(drifts) > MOST_FIELDS or not all(map(_is_reported, drifts)):
        raise ValueError("not a report of drift: its fields")
    return DriftReport(**{**report, "drifts": tuple(drifts)})


def _parse_report(text: bytes) -> dict[str, Any]:
    try:
        report = json.loads(text) if len(text) <= _MOST_REPORT_BYTES else None
    except (ValueError, RecursionError):
        report = None
    if not isinstance(report, dict):
        raise ValueError(f"not a report of drift: not a JSON object of at most {_MOST_REPORT_BYTES} bytes")
    return report


def _is_reported(drift: object) -> bool:
    return (
        isinstance(drift, dict)
        and drift.keys() | {"declared"} == _REPORTED.keys()
        and all(type(value) is _REPORTED[name] for name, value in drift.items())
    )


class DriftTally:
    """Drift over the rows of one object, bounded: the first fields, and how often others were seen."""

    def __init__(self) -> None:
        self.rows = self.rescued = self.further = 0
        self._seen: dict[Drift, list[int]] = {}

    def add(self, drifts: Sequence[Drift], line: int, *, rescued: bool) -> None:
        """One row's drift; `line` is its number in the object, from 1."""
        self.rows += bool(drifts)
        self.rescued += rescued
        for drift in drifts:
            if drift in self._seen:
                self._seen[drift][0] += 1
            elif len(self._seen) < MOST_FIELDS:
                self._seen[drift] = [1, line]
            else:
                self.further += 1

    def report(self, contract: Contract) -> DriftReport | None:
        """Fields in order of appearance; None if no row drifted."""
        if not self.rows:
            return None
        drifts = [
            {"field": drift.field, "kind": drift.kind, "seen": drift.seen, "rows": rows, "first_line": first}
            | ({"declared": drift.declared} if drift.declared else {})
            for drift, (rows, first) in self._seen.items()
        ]
        return DriftReport(
            policy=dict(contract.evolution),
            drifts=tuple(drifts),
            drifts_further=self.further,
            rows_drifted=self.rows,
            rows_rescued=self.rescued,
        )
