"""Rows as the REST API writes them: `{"f": [{"v": ...}]}`, every scalar a string."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from laptop.bigquery.sql.types import Field

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
Encoder = Callable[[Any], Any]


def encode_rows(table: pa.Table, fields: Sequence[Field], *, int_timestamps: bool) -> list[dict[str, Any]]:
    """`int_timestamps`: epoch microseconds, else float seconds (what a client that does not ask gets)."""
    encoders = [_encoder(field, int_timestamps) for field in fields]
    columns = [[encode(value) for value in values] for encode, values in zip(encoders, _columns(table), strict=True)]
    return [{"f": [{"v": value} for value in row]} for row in zip(*columns, strict=True)]


def _columns(table: pa.Table) -> list[list[Any]]:
    return [_without_zone(column).to_pylist() for column in table.columns]


def _without_zone(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.timestamp("us", "UTC")) if pa.types.is_timestamp(column.type) and column.type.tz else column


def _encoder(field: Field, int_timestamps: bool) -> Encoder:
    if field.get("mode") == "REPEATED":
        one = _encoder({**field, "mode": "NULLABLE"}, int_timestamps)
        return lambda value: [{"v": one(item)} for item in value or []]
    kind = str(field["type"]).upper()
    if kind in ("RECORD", "STRUCT"):
        return _struct_encoder(field["fields"], int_timestamps)
    encode = _SCALARS.get(kind, str)
    if kind == "TIMESTAMP" and not int_timestamps:
        encode = _seconds
    return lambda value: None if value is None else encode(value)


def _struct_encoder(parts: Sequence[Field], int_timestamps: bool) -> Encoder:
    encoders = [(part["name"], _encoder(part, int_timestamps)) for part in parts]

    def encode(value: Any) -> Any:
        return None if value is None else {"f": [{"v": one(value[name])} for name, one in encoders]}

    return encode


def micros(value: dt.datetime) -> int:
    return (value - _EPOCH) // dt.timedelta(microseconds=1)


def _seconds(value: dt.datetime) -> str:
    return f"{micros(value) / 1e6:.6f}"


def _float(value: float) -> str:
    if value != value:  # noqa: PLR0124 - NaN is the only value that differs from itself
        return "NaN"
    return {float("inf"): "Infinity", float("-inf"): "-Infinity"}.get(value) or repr(value)


def _numeric(value: decimal.Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _time(value: dt.time) -> str:
    return value.isoformat(timespec="microseconds" if value.microsecond else "seconds")


def _datetime(value: dt.datetime) -> str:
    return value.isoformat(timespec="microseconds" if value.microsecond else "seconds")


_SCALARS: dict[str, Encoder] = {
    "TIMESTAMP": lambda value: str(micros(value)),
    "FLOAT": _float,
    "FLOAT64": _float,
    "NUMERIC": _numeric,
    "BOOLEAN": lambda value: "true" if value else "false",
    "BOOL": lambda value: "true" if value else "false",
    "BYTES": lambda value: base64.b64encode(value).decode(),
    "DATE": lambda value: value.isoformat(),
    "TIME": _time,
    "DATETIME": _datetime,
}
