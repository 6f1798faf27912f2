"""Whole columns of mixed timestamps at once: values are grouped by shape and read as columns of bytes.

Only what is certainly right is read here; every other value goes to `ripple.rows.timestamps`, which alone knows why it refuses.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ripple.rows.timestamps import (
    AMBIGUOUS,
    EPOCHS,
    MAX_MICROS,
    MIN_MICROS,
    MONTHS,
    OUT_OF_RANGE,
    UNPARSEABLE,
    WEEKDAYS,
    WITHOUT_ZONE,
    WRONG_TYPE,
    Refusal,
    parse_timestamp,
)

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]

REFUSALS: tuple[Refusal | None, ...] = (None, UNPARSEABLE, AMBIGUOUS, WITHOUT_ZONE, OUT_OF_RANGE, WRONG_TYPE)
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


def _read_rows(columns: Bytes, shapes: Sequence[_Shape], rows: Ints, at: Ints, micros: Ints, done: Bools) -> None:
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


_READERS: Mapping[type, Callable[[Any, Collection[str], Ints, Ints], Bools]] = {
    str: _read_texts,
    int: _read_ints,
    dt.datetime: _read_datetimes,
}

_KINDS = {pa.string(): str, pa.large_string(): str, pa.int64(): int}

# Letters of a template: y o d h m s f and p q (offset) are digits, b a month's name, a a weekday's, ± a sign; the rest stands for itself.
_DIGITS = "yodhmsfpq"
_ISO_CLOCKS = ("hh:mm", "hh:mm:ss", *(f"hh:mm:ss.{'f' * digits}" for digits in range(1, 10)))


def _templates() -> Iterator[tuple[str, str]]:
    for clock in _ISO_CLOCKS:
        yield "iso_zoned", f"yyyy-oo-ddT{clock}Z"
        yield "iso_zoned", f"yyyy-oo-ddT{clock}±pp:qq"
        yield "iso_naive", f"yyyy-oo-ddT{clock}"
        yield "space_naive", f"yyyy-oo-dd {clock}"
    for weekday, day, zone in product(("aaa, ", ""), ("dd", "d"), ("GMT", "UTC", "±ppqq")):
        yield "rfc_2822", f"{weekday}{day} bbb yyyy hh:mm:ss {zone}"
    yield "day_first", "dd/oo/yyyy hh:mm"


class _Shape:
    """One template: where its literals stand and how the rest is read."""

    def __init__(self, template: str) -> None:
        self.places = {code: [i for i, c in enumerate(template) if c == code] for code in set(template)}
        letters = _DIGITS + "ab±"
        self.literals = [(i, ord(c)) for i, c in enumerate(template) if c not in letters]

    def read(self, columns: Bytes) -> tuple[Ints, Bools]:
        """Microseconds, and which of them are right; the others are refused or of another shape."""
        valid = self._all_digits(columns)
        months = self._name(columns, "b", _MONTH_NAMES) + 1 if "b" in self.places else self._number(columns, "o")
        days, right = _days(self._number(columns, "y"), months, self._number(columns, "d"))
        clock, timely = self._clock(columns)
        offset, possible = self._offset(columns)
        valid &= right & timely & possible
        if "a" in self.places:
            valid &= self._name(columns, "a", _WEEKDAY_NAMES) == (days + 3) % 7
        micros = (days * 86_400 + clock - offset) * 1_000_000 + self._fraction(columns)
        return micros, valid & (micros >= MIN_MICROS) & (micros <= MAX_MICROS)

    def _all_digits(self, columns: Bytes) -> Bools:
        valid = np.ones(columns.shape[1], np.bool_)
        for code in _DIGITS:
            for place in self.places.get(code, ()):
                valid &= (columns[place] - np.uint8(48)) <= 9
        return valid

    def _number(self, columns: Bytes, code: str, digits: int = 9) -> npt.NDArray[np.int32]:
        number = np.zeros(columns.shape[1], np.int32)
        for place in self.places.get(code, ())[:digits]:
            number *= 10
            number += (columns[place] - np.uint8(48)).astype(np.int32)
        return number

    def _name(self, columns: Bytes, code: str, names: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """The position among `names`, -1 for no name."""
        first, second, third = (columns[place].astype(np.int32) for place in self.places[code])
        packed = (first << 16) | (second << 8) | third
        found = np.full(len(packed), -1, np.int32)
        for position, name in enumerate(names):
            found[packed == name] = position
        return found

    def _clock(self, columns: Bytes) -> tuple[npt.NDArray[np.int32], Bools]:
        hour, minute, second = (self._number(columns, code) for code in "hms")
        return hour * 3600 + minute * 60 + second, (hour < 24) & (minute < 60) & (second < 60)

    def _offset(self, columns: Bytes) -> tuple[npt.NDArray[np.int32] | int, Bools | bool]:
        if "±" not in self.places:
            return 0, True
        sign = columns[self.places["±"][0]]
        hours, minutes = self._number(columns, "p"), self._number(columns, "q")
        east = hours * 60 + minutes
        possible = (minutes < 60) & (east <= 14 * 60) & ((sign == ord("+")) | (sign == ord("-")))
        return east * np.where(sign == ord("-"), np.int32(-60), np.int32(60)), possible

    def _fraction(self, columns: Bytes) -> Ints | int:
        digits = min(len(self.places.get("f", ())), 6)
        return self._number(columns, "f", 6).astype(np.int64) * 10 ** (6 - digits) if digits else 0


@cache
def _shapes_of(grammar: frozenset[str]) -> Mapping[int, Sequence[_Shape]]:
    """The shapes of a grammar by the length of their texts."""
    found: dict[int, list[_Shape]] = {}
    for name, template in _templates():
        if name in grammar:
            found.setdefault(len(template), []).append(_Shape(template))
    return found


def _days(
    years: npt.NDArray[np.int32], months: npt.NDArray[np.int32], days: npt.NDArray[np.int32]
) -> tuple[Ints, Bools]:
    """Days since 1970 of calendar dates of the years 1 to 9999, and which of them exist."""
    right = (years >= 1) & (years <= 9999) & (months >= 1) & (months <= 12) & (days >= 1)
    index = np.where(right, (years - 1) * 12 + months - 1, 0)
    starts = _month_starts()
    first = starts[index]
    return first + (days - 1), right & (days <= starts[index + 1] - first)


@cache
def _month_starts() -> Ints:
    return np.arange("0001-01", "10000-02", dtype="datetime64[M]").astype("datetime64[D]").astype(np.int64)


def _pack(names: Sequence[str]) -> npt.NDArray[np.int32]:
    return np.array([int.from_bytes(name.encode(), "big") for name in names], np.int32)


_MONTH_NAMES = _pack(tuple(MONTHS))
_WEEKDAY_NAMES = _pack(WEEKDAYS)
