"""Templates of a grammar as readers of many texts at once: a byte position a row, a text a column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import combinations

import numpy as np
import numpy.typing as npt

from ripple.rows.timestamp_formats import DIGITS, HALVES, WEEKDAYS, names_of_length
from ripple.rows.timestamp_grammar import Grammar, Template, are_in_conflict, characters_of
from ripple.rows.timestamps import MAX_MICROS, MIN_MICROS
from ripple.rows.zones import offset_on

Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]


class Shape:
    """One template: where its literals stand and how the rest is read."""

    def __init__(self, template: Template) -> None:
        cells = template.cells
        self.zone = template.zone
        self.places = {
            cell.code: [i for i, c in enumerate(cells) if c.code == cell.code] for cell in cells if cell.code
        }
        self.literals = [(i, ord(cell.literal)) for i, cell in enumerate(cells) if not cell.code]
        # A name's letters are read as one number, which holds eight.
        self.literals += [(i, ord(*characters_of(template)[i])) for i in self.places.get("b", ())[8:]]
        self.digits = [i for i, cell in enumerate(cells) if cell.code and cell.code in DIGITS]

    def read(self, columns: Bytes) -> tuple[Ints, Bools]:
        """Microseconds, and which of them are right; the others are refused or of another shape."""
        valid = self._all_digits(columns)
        if "e" in self.places:
            return self._read_epoch(columns, valid)
        days, right = self._days(columns)
        clock, timely = self._clock(columns)
        offset, possible = self._offset(columns, days)
        valid &= right & timely & possible
        if "a" in self.places:
            valid &= self._name(columns, "a", _WEEKDAYS) == (days + 3) % 7
        micros = (days * 86_400 + clock - offset) * 1_000_000 + self._fraction(columns)
        return micros, valid & (micros >= MIN_MICROS) & (micros <= MAX_MICROS)

    def _all_digits(self, columns: Bytes) -> Bools:
        valid = np.ones(columns.shape[1], np.bool_)
        for place in self.digits:
            valid &= (columns[place] - np.uint8(48)) <= 9
        return valid

    def _read_epoch(self, columns: Bytes, valid: Bools) -> tuple[Ints, Bools]:
        places = self.places["e"]
        number = np.zeros(columns.shape[1], np.int64)
        for place in places:
            number *= 10
            number += columns[place] - np.uint8(48)
        micros = number * 10 ** (16 - len(places)) + self._fraction(columns)
        return micros, valid & (columns[places[0]] != ord("0"))

    def _days(self, columns: Bytes) -> tuple[Ints, Bools]:
        years = self._number(columns, "y")
        if "w" in self.places:
            return _days_of_weeks(years, self._number(columns, "w"), self._number(columns, "k"))
        if "j" in self.places:
            return _days_of_years(years, self._number(columns, "j"))
        months = self._number(columns, "o")
        if "b" in self.places:
            months = self._name(columns, "b", _pack(names_of_length(len(self.places["b"]))))
        return _days(years, months, self._number(columns, "d"))

    def _number(self, columns: Bytes, code: str, digits: int = 9) -> Small:
        number = np.zeros(columns.shape[1], np.int32)
        for place in self.places.get(code, ())[:digits]:
            number *= 10
            number += (columns[place] - np.uint8(48)).astype(np.int32)
        return number

    def _name(self, columns: Bytes, code: str, names: Mapping[int, int]) -> Small:
        """The number of each name, -1 for no name; eight letters decide."""
        packed = np.zeros(columns.shape[1], np.int64)
        for place in self.places[code][:8]:
            packed <<= 8
            packed |= columns[place]
        found = np.full(len(packed), -1, np.int32)
        for name, number in names.items():
            found[packed == name] = number
        return found

    def _clock(self, columns: Bytes) -> tuple[Small, Bools]:
        hour, minute, second = (self._number(columns, code) for code in "hms")
        valid = (hour < 24) & (minute < 60) & (second < 60)
        if "x" in self.places:
            half, hour = self._name(columns, "x", _HALVES), self._number(columns, "i")
            valid &= (hour >= 1) & (hour <= 12) & (half >= 0)
            hour = hour % 12 + half
        return hour * 3600 + minute * 60 + second, valid

    def _offset(self, columns: Bytes, days: Ints) -> tuple[Small | Ints | int, Bools | bool]:
        if self.zone:
            return _zone_offsets(self.zone, days)
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


def make_shapes(grammar: Grammar) -> Mapping[int, Sequence[Shape]]:
    """The shapes of a grammar by the length of their texts; none where two conflict, so that each text is looked at by itself."""
    return {
        length: [Shape(template) for template in templates]
        for length, templates in grammar.templates.items()
        if not any(are_in_conflict(one, other) for one, other in combinations(templates, 2))
    }


def _zone_offsets(zone: str, days: Ints) -> tuple[Ints, Bools]:
    """Seconds east of UTC on each local day, and on which of them the clocks do not change."""
    unique, back = np.unique(days, return_inverse=True)
    known = [offset_on(zone, day) for day in unique.tolist()]
    offsets = np.array([0 if offset is None else offset for offset in known], np.int64)
    return offsets[back], np.array([offset is not None for offset in known], np.bool_)[back]


def _days(years: Small, months: Small, days: Small) -> tuple[Ints, Bools]:
    """Days since 1970 of calendar dates of the years 1 to 9999, and which of them exist."""
    right = (years >= 1) & (years <= 9999) & (months >= 1) & (months <= 12) & (days >= 1)
    index = np.where(right, (years - 1) * 12 + months - 1, 0)
    starts = _month_starts()
    first = starts[index]
    return first + (days - 1), right & (days <= starts[index + 1] - first)


def _days_of_years(years: Small, days: Small) -> tuple[Ints, Bools]:
    """The same of a year and a day of it, counted from 1."""
    right = (years >= 1) & (years <= 9999) & (days >= 1)
    index = np.where(right, (years - 1) * 12, 0)
    starts = _month_starts()
    return starts[index] + (days - 1), right & (days <= starts[index + 12] - starts[index])


def _days_of_weeks(years: Small, weeks: Small, days: Small) -> tuple[Ints, Bools]:
    """The same of an ISO year, a week and a day of it. The last of the years is left to the calendar: its weeks may not end."""
    right = (years >= 1) & (years < 9999) & (weeks >= 1) & (days >= 1) & (days <= 7)
    index = np.where(right, (years - 1) * 12, 0)
    starts = _month_starts()
    first, following = _first_monday(starts[index]), _first_monday(starts[index + 12])
    found = first + (weeks - 1) * 7 + (days - 1)
    return found, right & (found < following)


def _first_monday(new_years: Ints) -> Ints:
    """The Monday of the week that holds 4 January."""
    fourth = new_years + 3
    return fourth - (fourth + 3) % 7


@cache
def _month_starts() -> Ints:
    return np.arange("0001-01", "10000-02", dtype="datetime64[M]").astype("datetime64[D]").astype(np.int64)


def _pack(names: Mapping[str, int]) -> dict[int, int]:
    return {int.from_bytes(name[:8].encode(), "big"): number for name, number in names.items()}


_WEEKDAYS = _pack({name: number for number, name in enumerate(WEEKDAYS)})
_HALVES = _pack(HALVES)
