"""Which times a row may hold, by when its object arrived: nothing happens long after it was delivered, or before there was data. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ripple.rows.contracts.checks import KINDS, Contract, Violation

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


def expect_plausible(contract: Contract, arrived_at: dt.datetime, slack_days: int | None) -> Contract:
    """The contract of an object that arrived then (UTC): every timestamp of a row is from the floor to the arrival and the slack.

    `slack_days` stands in for the contract's own; None leaves that.
    """
    if contract.time is None:
        return contract
    days = contract.time.slack_days if slack_days is None else slack_days
    latest = arrived_at + dt.timedelta(days=days)
    bounds = {
        "earliest": (dt.datetime.combine(contract.time.floor, dt.time(), dt.UTC) - _EPOCH) // _MICROSECOND,
        "latest": (latest - _EPOCH) // _MICROSECOND,
        "plausible": f"a time from {contract.time.floor} to {latest:%Y-%m-%dT%H:%M:%SZ}, {days} days after it arrived",
    }
    kinds = {name: {**contract.kinds[name], **bounds} for name in _find_times(contract)}
    checks = {name: KINDS["timestamp"](rule) for name, rule in kinds.items()}
    return replace(contract, kinds={**contract.kinds, **kinds}, checks={**contract.checks, **checks})


def may_hold_implausible(rows: pa.RecordBatch, contract: Contract) -> bool:
    """Whether a time of these typed rows cannot be, by a contract from `expect_plausible`: its ends decide for a column."""
    for name in _find_times(contract) if contract.time else ():
        ends = pc.min_max(rows.column(name)).as_py().values()
        if any(end is not None and contract.checks[name](end) is not None for end in ends):
            return True
    return False


def find_implausible(row: Mapping[str, Any], contract: Contract) -> Violation | None:
    """The first time of a typed row that cannot be, by a contract from `expect_plausible`."""
    for name in _find_times(contract):
        wrong = None if row.get(name) is None else contract.checks[name](row[name])
        if wrong is not None and wrong[0] == "implausible_time":
            return Violation("implausible_time", name, f"{name}: expected {wrong[1]}, got {row[name]}")
    return None


def _find_times(contract: Contract) -> list[str]:
    return [name for name, rule in contract.kinds.items() if rule["kind"] == "timestamp"]
