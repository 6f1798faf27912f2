"""Whole columns of mixed timestamps at once: values are grouped by shape and read as columns of bytes.

Only what is certainly right is read here; every other value goes to `ripple.rows.timestamps`, which alone knows why it refuses.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from ripple.rows.timestamp_grammar import compile_grammar
from ripple.rows.timestamp_shapes import Bools, Bytes, Ints, Shape, make_shapes
from ripple.rows.timestamps import (
    AMBIGUOUS,
    EPOCHS,
    IN_FOLD,
    IN_GAP,
    OUT_OF_RANGE,
    UNPARSEABLE,
    WITHOUT_ZONE,
    WRONG_TYPE,
    Refusal,
    parse_timestamp,
)

REFUSALS: tuple[Refusal | None, ...] = (
    None,
    UNPARSEABLE,
    AMBIGUOUS,
    WITHOUT_ZONE,
    OUT_OF_RANGE,
    WRONG_TYPE,
    IN_GAP,
    IN_FOLD,
)
_CODES = {refusal: code for code, refusal in enumerate(REFUSALS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """`micros` since 1970 UTC (0 where refused) and `refusals`, the position in `REFUSALS` of each value's (0: read)."""

    micros: Ints
    refusals: Bytes


def parse_column(values: Sequence[object] | pa.Array | pa.ChunkedArray, grammar: Collection[str]) -> Column:
    """Every value as `parse_timestamp` reads it. `values` may be of mixed types, or an Arrow array (null: wrong type)."""
    column = Column(micros=np.zeros(len(values), np.int64), refusals=np.zeros(len(values), np.uint8))
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return _parse_array(values, grammar, column)
    kinds = set(map(type, values))
    for kind in kinds:
        at = np.arange(len(values)) if len(kinds) == 1 else _positions(values, kind)
        held = values if len(kinds) == 1 else [values[i] for i in at]
        read = _READERS[kind](held, grammar, column.micros, at) if kind in _READERS else np.zeros(len(at), np.bool_)
        for i in at[~read].tolist():
            _read_one(values[i], grammar, column, i)
    return column


def _parse_array(values: Any, grammar: Collection[str], column: Column) -> Column:
    """Texts and integers without nulls are read where they stand."""
    kind = None if values.null_count or isinstance(values, pa.ChunkedArray) else _KINDS.get(values.type)
    if kind is None:
        return parse_column(values.to_pylist(), grammar)
    held = values.cast(pa.large_string()) if kind is str else values.to_numpy()
    at = np.arange(len(values))
    for i in np.flatnonzero(~_READERS[kind](held, grammar, column.micros, at)).tolist():
        _read_one(values[i].as_py(), grammar, column, i)
    return column


def _positions(values: Sequence[object], kind: type) -> Ints:
    return np.flatnonzero(np.fromiter((type(value) is kind for value in values), np.bool_, len(values)))


def _read_one(value: object, grammar: Collection[str], column: Column, at: int) -> None:
    read = parse_timestamp(value, grammar)
    if isinstance(read, Refusal):
        column.refusals[at] = _CODES[read]
    else:
        column.micros[at] = read


def _read_ints(values: Any, grammar: Collection[str], micros: Ints, at: Ints) -> Bools:
    done = np.zeros(len(values), np.bool_)
    try:
        numbers = values if isinstance(values, np.ndarray) else np.fromiter(values, np.int64, len(values))
    except OverflowError:
        return done
    for name, low, high, scale in EPOCHS:
        if name in grammar:
            within = (numbers >= low) & (numbers < high)
            micros[at[within]] = numbers[within] * scale
            done |= within
    return done


def _read_datetimes(values: Sequence[Any], grammar: Collection[str], micros: Ints, at: Ints) -> Bools:
    """Datetimes in UTC itself; an offset is left to Python's own arithmetic."""
    done = np.fromiter((value.tzinfo is dt.UTC for value in values), np.bool_, len(values))
    if "timestamp" not in grammar or not done.any():
        return np.zeros(len(values), np.bool_)
    utc = [value.replace(tzinfo=None) for value in values if value.tzinfo is dt.UTC]
    micros[at[done]] = np.array(utc, "datetime64[us]").astype(np.int64)
    return done


def _read_texts(values: Any, grammar: Collection[str], micros: Ints, at: Ints) -> Bools:
    done = np.zeros(len(values), np.bool_)
    try:
        texts = values if isinstance(values, pa.LargeStringArray) else pa.array(values, pa.large_string())
    except UnicodeEncodeError:
        return done
    _, ends, content = texts.buffers()
    offsets = np.frombuffer(ends, np.int64)[texts.offset : texts.offset + len(values) + 1]
    data = np.frombuffer(content, np.uint8) if content is not None else np.empty(0, np.uint8)
    lengths = np.diff(offsets)
    for length, shapes in _shapes_of(frozenset(grammar)).items():
        rows = np.flatnonzero(lengths == length)
        if len(rows):
            _read_rows(_columns_of(data, offsets[rows], length), shapes, rows, at, micros, done)
    return done


def _columns_of(data: Bytes, begins: Ints, length: int) -> Bytes:
    """The texts of one length that begin there, a byte position a row."""
    if begins[-1] - begins[0] == (len(begins) - 1) * length:
        return np.ascontiguousarray(data[begins[0] : begins[-1] + length].reshape(len(begins), length).T)
    return np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(data, length)[begins].T)


def _read_rows(columns: Bytes, shapes: Sequence[Shape], rows: Ints, at: Ints, micros: Ints, done: Bools) -> None:
    """Texts of one length, one byte position a row of `columns`, against every shape of that length."""
    for shape in shapes:
        fits = np.ones(columns.shape[1], np.bool_)
        for position, byte in shape.literals:
            fits &= columns[position] == byte
        if fits.any():
            read, valid = shape.read(columns if fits.all() else columns[:, fits])
            where = rows[fits][valid]
            micros[at[where]] = read[valid]
            done[where] = True


def _read_floats(values: Sequence[float], grammar: Collection[str], micros: Ints, at: Ints) -> Bools:
    """Seconds to the nearest microsecond; the fraction by itself, since the product of all would lose some."""
    numbers = np.array(values, np.float64)
    _, low, high, scale = EPOCHS[0]
    done = (numbers >= low) & (numbers < high) & ("epoch_float" in grammar)
    whole = np.floor(numbers[done])
    micros[at[done]] = whole.astype(np.int64) * scale + np.rint((numbers[done] - whole) * scale).astype(np.int64)
    return done


@cache
def _shapes_of(names: frozenset[str]) -> Mapping[int, Sequence[Shape]]:
    """The shapes of a grammar by the length of their texts, without those lengths at which two formats conflict."""
    return make_shapes(compile_grammar(names))


_READERS: Mapping[type, Callable[[Any, Collection[str], Ints, Ints], Bools]] = {
    str: _read_texts,
    int: _read_ints,
    float: _read_floats,
    dt.datetime: _read_datetimes,
}

_KINDS = {pa.string(): str, pa.large_string(): str, pa.int64(): int}
