"""Functions DuckDB lacks or spells otherwise, over whole Arrow columns; NULL stays NULL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import farmhash
import pyarrow as pa
from duckdb.func import FunctionNullHandling, PythonUDFType
from duckdb.sqltypes import BIGINT, BLOB, VARCHAR

from laptop.bigquery.json_text import canonical, number_at, respell

_SIGN = 1 << 63


def _signed_fingerprint(value: bytes) -> int:
    """What BigQuery's FARM_FINGERPRINT gives: FarmHash's 64 bits as a signed INT64."""
    unsigned: int = farmhash.fingerprint64(value)
    return unsigned - 2 * _SIGN if unsigned >= _SIGN else unsigned


def _over_column(function: Callable[[Any], Any], kind: pa.DataType) -> Callable[[Any], pa.Array]:
    def apply(values: pa.ChunkedArray) -> pa.Array:
        return pa.array([None if value is None else function(value) for value in values.to_pylist()], kind)

    return apply


def _over_two_columns(function: Callable[[str, str], Any]) -> Callable[[Any, Any], pa.Array]:
    def apply(first: pa.ChunkedArray, second: pa.ChunkedArray) -> pa.Array:
        pairs = zip(first.to_pylist(), second.to_pylist(), strict=True)
        return pa.array([None if None in pair else function(*pair) for pair in pairs], pa.string())

    return apply


def register_all(connection: duckdb.DuckDBPyConnection) -> None:
    functions: list[tuple[str, Callable[..., pa.Array], list[Any], Any]] = [
        ("bq_farm_fingerprint", _over_column(_signed_fingerprint, pa.int64()), [BLOB], BIGINT),
        ("bq_unicode_upper", _over_column(str.upper, pa.string()), [VARCHAR], VARCHAR),
        ("bq_unicode_lower", _over_column(str.lower, pa.string()), [VARCHAR], VARCHAR),
        ("bq_json_canonical", _over_column(canonical, pa.string()), [VARCHAR], VARCHAR),
        ("bq_json_number", _over_two_columns(number_at), [VARCHAR, VARCHAR], VARCHAR),
        ("bq_json_text", _over_two_columns(respell), [VARCHAR, VARCHAR], VARCHAR),
    ]
    for name, function, takes, gives in functions:
        connection.create_function(
            name, function, takes, gives, type=PythonUDFType.ARROW, null_handling=FunctionNullHandling.SPECIAL
        )
