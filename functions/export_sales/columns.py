"""Good documents as a pandas frame of Arrow columns, timestamps of every declared format as microseconds in UTC."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ripple.rows.contracts import Contract
from ripple.rows.sales_schema import arrow_schema
from ripple.rows.timestamp_columns import REFUSALS, parse_column

if TYPE_CHECKING:
    import pandas as pd


def to_frame(rows: Sequence[Mapping[str, Any]], contract: Contract) -> pd.DataFrame:
    """One column a contract field, in its order; rows have passed the contract."""
    # Half of the module's memory and import time: an instance pays for it with its first page, not before it can answer.
    import pandas as pd

    columns = {}
    for field in arrow_schema(contract):
        values = [row.get(field.name) for row in rows]
        rule = contract.kinds[field.name]
        array = to_timestamps(values, rule["grammar"]) if rule["kind"] == "timestamp" else pa.array(values, field.type)
        columns[field.name] = pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([array])))
    return pd.DataFrame(columns)


def to_timestamps(values: Sequence[object], grammar: Collection[str]) -> pa.Array:
    """timestamp[us, UTC]; AssertionError for a value that the contract should have refused."""
    column = parse_column(values, grammar)
    for at in np.flatnonzero(column.refusals).tolist():
        raise AssertionError(f"{values[at]!r} passed the contract: {REFUSALS[column.refusals[at]]}")
    return pa.array(column.micros).cast(pa.timestamp("us", tz="UTC"))
