"""Rows that passed their contract as Arrow columns of its types: timestamps of every declared format become UTC microseconds.

A value is read here as its check read it, with the same grammar: what the gate judged is what the lake holds. Pure.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from ripple.rows.contracts import Contract
from ripple.rows.sales_schema import arrow_type
from ripple.rows.timestamp_columns import REFUSALS, parse_column
from ripple.rows.timestamps import Refusal, parse_timestamp, read_day

Rule = Mapping[str, Any]
_MOMENT = pa.timestamp("us", tz="UTC")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def to_columns(rows: Sequence[Mapping[str, Any]], contract: Contract) -> dict[str, pa.Array]:
    """A column a field, in the contract's order; what a row lacks is null. AssertionError for what its contract refuses."""
    return {name: to_column([row.get(name) for row in rows], rule) for name, rule in contract.kinds.items()}


def to_column(values: Sequence[Any], rule: Rule) -> pa.Array:
    """Values that passed the check of a field as its column."""
    if rule["kind"] == "timestamp":
        return _to_moments(values, rule)
    convert = _CONVERTERS.get(rule["kind"])
    read = values if convert is None else [None if value is None else convert(value, rule) for value in values]
    return pa.array(read, arrow_type(rule))


def _to_moments(values: Sequence[Any], rule: Rule) -> pa.Array:
    column = parse_column(values, rule["grammar"])
    absent = np.fromiter((value is None for value in values), np.bool_, len(values))
    for at in np.flatnonzero((column.refusals != 0) & ~absent).tolist():
        raise AssertionError(f"{values[at]!r} passed the contract: {REFUSALS[column.refusals[at]]}")
    return pa.array(column.micros, mask=absent).cast(_MOMENT)


def _to_day(value: Any, _rule: Rule) -> dt.date:
    return value if isinstance(value, dt.date) else read_day(value)


def _to_records(value: Sequence[Mapping[str, Any]], rule: Rule) -> list[dict[str, Any]]:
    return [_to_record(item, rule) for item in value]


def _to_record(value: Mapping[str, Any], rule: Rule) -> dict[str, Any]:
    return {name: _to_value(value.get(name), inner) for name, inner in rule["fields"].items()}


def _to_list(value: Sequence[Any], rule: Rule) -> list[Any]:
    return [_to_value(item, rule["items"]) for item in value]


def _to_json(value: Any, _rule: Rule) -> str:
    """As short as it can be written, its keys in the source's order."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def _to_value(value: Any, rule: Rule) -> Any:
    """One value inside another."""
    if value is None:
        return None
    if rule["kind"] == "timestamp":
        read = parse_timestamp(value, rule["grammar"])
        assert not isinstance(read, Refusal), value
        return _EPOCH + dt.timedelta(microseconds=read)
    convert = _CONVERTERS.get(rule["kind"])
    return value if convert is None else convert(value, rule)


_CONVERTERS: Mapping[str, Callable[[Any, Rule], Any]] = {
    "date": _to_day,
    "float": lambda value, _rule: float(value),
    "records": _to_records,
    "record": _to_record,
    "list": _to_list,
    "json": _to_json,
}
