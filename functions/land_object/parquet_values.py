"""Which rows of a Parquet column hold what no row of the contract can: found for a column at once, whatever it holds. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ripple.rows.contracts.checks import LONGEST_TEXT
from ripple.rows.timestamps import MAX_MICROS, MIN_MICROS

Bools = npt.NDArray[np.bool_]


def find_wrong(column: pa.Array, rule: Mapping[str, Any], nullable: bool) -> Bools:
    """For each value whether its contract refuses it: a null where none may be, a text, a number. Lists and truths are not looked at."""
    wrong = np.zeros(len(column), np.bool_)
    if not rule:
        return wrong
    if column.null_count and not nullable:
        wrong |= column.is_null().to_numpy(zero_copy_only=False)
    right = _RIGHT.get(rule["kind"])
    return wrong if right is None else wrong | ~_to_bools(right(column, rule))


def _to_bools(right: pa.Array) -> Bools:
    found: Bools = right.fill_null(True).to_numpy(zero_copy_only=False)
    return found


def _are_right_texts(column: pa.Array, rule: Mapping[str, Any]) -> pa.Array:
    if isinstance(column, pa.DictionaryArray):
        # Each different text once: of a dictionary there may be millions of one that is a megabyte.
        return _are_right_texts(column.dictionary, rule).take(column.indices)
    if "enum" in rule:
        return pc.is_in(column, value_set=pa.array(rule["enum"], column.type))
    right = pc.less_equal(pc.utf8_length(column), rule.get("max", LONGEST_TEXT))
    return pc.and_(right, pc.match_substring_regex(column, rule["pattern"])) if "pattern" in rule else right


def _are_right_floats(column: pa.Array, rule: Mapping[str, Any]) -> pa.Array:
    return pc.and_(pc.is_finite(column), _are_within(column, rule))


def _are_within(column: pa.Array, rule: Mapping[str, Any]) -> pa.Array:
    low, high = rule.get("min", MIN_MICROS), rule.get("max", MAX_MICROS)
    numbers = column.cast(pa.int64()) if rule["kind"] == "timestamp" else column
    return pc.and_(pc.greater_equal(numbers, low), pc.less_equal(numbers, high))


_RIGHT = {
    "string": _are_right_texts,
    "float": _are_right_floats,
    "integer": _are_within,
    "timestamp": _are_within,
}
