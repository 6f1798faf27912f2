"""The values of lines of one layout as Arrow columns of a contract's types, and which of them are in doubt. Pure.

A value that is not in doubt is exactly what the check of its field accepts, and what the row would hold. All else is judged line by line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ripple.rows.contracts import Contract
from ripple.rows.contracts.checks import LONGEST_TEXT
from ripple.rows.layouts.matching import Matched
from ripple.rows.layouts.pages import Bools
from ripple.rows.layouts.patterns import keep_to
from ripple.rows.layouts.scanning import Node, Slot
from ripple.rows.sales_schema import arrow_type
from ripple.rows.timestamp_columns import parse_column
from ripple.rows.timestamps import MAX_MICROS, MIN_MICROS, read_day

Rule = Mapping[str, Any]
_MOMENT = pa.timestamp("us", tz="UTC")
_INT64 = 2**63 - 1
# As JSON writes them. `-0` is the integer 0 to one parser and -0.0 to another.
_INTEGER = r"\A-?(?:0|[1-9][0-9]{0,17})\z"
_NUMBER = r"\A-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A column, and which of its values are in doubt; what stands there of those means nothing."""

    values: Any
    doubts: Bools


def read_row(row: Mapping[str, Node], contract: Contract, matched: Matched) -> tuple[dict[str, Any], Bools]:
    """A column a field of the contract, in its order, and which lines are in doubt for any."""
    read = {name: _read_field(name, row, contract, matched) for name in contract.kinds}
    doubts = np.zeros(len(matched.lines), np.bool_)
    for column in read.values():
        doubts |= column.doubts
    return {name: column.values for name, column in read.items()}, doubts


def _read_field(name: str, row: Mapping[str, Node], contract: Contract, matched: Matched) -> Read:
    rule, rows = contract.kinds[name], len(matched.lines)
    node = row.get(name)
    if node is None:
        return Read(values=pa.nulls(rows, arrow_type(rule)), doubts=np.zeros(rows, np.bool_))
    if isinstance(node, Slot):
        texts = matched.texts(node.place)
        if node.is_text:
            return read_texts(texts, rule)
        return _read_nullable(texts, rule, is_nullable=name in contract.nullable)
    return _as_lists([_read_item(item, name, contract, matched) for item in node], rows, rule)


def _read_item(item: Any, name: str, contract: Contract, matched: Matched) -> Read:
    """An item of a list: a text, or a record."""
    if isinstance(item, Slot):
        return Read(values=matched.texts(item.place), doubts=_none(len(matched.lines)))
    return _read_record(item, contract.records[name], matched)


def _read_record(row: Any, contract: Contract, matched: Matched) -> Read:
    columns, doubts = read_row(row, contract, matched)
    fields = [pa.field(name, arrow_type(rule)) for name, rule in contract.kinds.items()]
    return Read(values=pa.StructArray.from_arrays(list(columns.values()), fields=fields), doubts=doubts)


def _as_lists(items: Sequence[Read], rows: int, rule: Rule) -> Read:
    """Lists of one length: the first items of all rows, the second items and so on, put into the order of the rows."""
    kind, count = arrow_type(rule), len(items)
    offsets = pa.array(np.arange(rows + 1, dtype=np.int32) * count)
    if not count:
        return Read(values=pa.ListArray.from_arrays(offsets, pa.array([], kind.value_type)), doubts=_none(rows))
    order = np.arange(rows * count).reshape(count, rows).T.reshape(-1)
    held = pa.concat_arrays([item.values for item in items]).take(pa.array(order))
    doubts = np.logical_or.reduce([item.doubts for item in items])
    return Read(values=pa.ListArray.from_arrays(offsets, held), doubts=doubts)


def read_texts(texts: Any, rule: Rule) -> Read:
    read = _OF_TEXTS.get(rule["kind"])
    return read(texts, rule) if read else doubt_all(len(texts), rule)


def read_words(words: Any, rule: Rule) -> Read:
    """What the kind makes of texts that stand without quotes, none of them null."""
    read = _OF_WORDS.get(rule["kind"])
    return read(words, rule) if read else doubt_all(len(words), rule)


def _read_nullable(words: Any, rule: Rule, *, is_nullable: bool) -> Read:
    """What stands without quotes: null where it may, and what the kind makes of the others."""
    absent = to_bools(pc.equal(words, "null"))
    if absent.all():
        return Read(values=pa.nulls(len(words), arrow_type(rule)), doubts=_none(len(words)) | (not is_nullable))
    if not absent.any():
        return read_words(words, rule)
    found = read_words(pc.if_else(pa.array(absent), "0", words), rule)
    values = pc.if_else(pa.array(absent), pa.scalar(None, found.values.type), found.values)
    return Read(values=values, doubts=np.where(absent, not is_nullable, found.doubts))


def _read_strings(texts: Any, rule: Rule) -> Read:
    if rule.get("enum"):
        return Read(values=texts, doubts=~to_bools(pc.is_in(texts, value_set=pa.array(rule["enum"], pa.string()))))
    longest = rule.get("max", LONGEST_TEXT)
    lengths = pc.binary_length(texts).to_numpy()
    # No text has more characters than bytes.
    doubts = lengths > longest
    if doubts.any():
        doubts = pc.utf8_length(texts).to_numpy() > longest
    if "pattern" in rule:
        doubts |= ~keep_to(texts, rule["pattern"])
    return Read(values=texts, doubts=doubts)


def _read_moments(values: Any, rule: Rule) -> Read:
    column = parse_column(values, rule["grammar"])
    low, high = rule.get("earliest", MIN_MICROS), rule.get("latest", MAX_MICROS)
    doubts = (column.refusals != 0) | (column.micros < low) | (column.micros > high)
    return Read(values=pa.array(column.micros).cast(_MOMENT), doubts=doubts)


def _read_days(texts: Any, _rule: Rule) -> Read:
    """Each different text once: days repeat."""
    coded = texts.dictionary_encode()
    days = [_to_day(text) for text in coded.dictionary.to_pylist()]
    values = pa.array(days, pa.date32()).take(coded.indices)
    return Read(values=values, doubts=~to_bools(values.is_valid()))


def _to_day(text: str) -> Any:
    try:
        return read_day(text)
    except ValueError:
        return None


def _read_integers(words: Any, rule: Rule) -> Read:
    numbers, doubts = _to_integers(words)
    low, high = max(rule["min"], -_INT64 - 1), min(rule["max"], _INT64)
    held = numbers.to_numpy()
    return Read(values=numbers, doubts=doubts | (held < low) | (held > high))


def _to_integers(words: Any) -> tuple[Any, Bools]:
    """Integers as JSON writes them; 0, and in doubt, for all else. Only a number's one spelling comes back from it."""
    try:
        numbers = words.cast(pa.int64())
    except pa.ArrowInvalid:
        plain = pc.match_substring_regex(words, _INTEGER)
        numbers = pc.if_else(plain, words, "0").cast(pa.int64())
    return numbers, ~to_bools(pc.equal(numbers.cast(pa.string()), words))


def _read_moment_numbers(words: Any, rule: Rule) -> Read:
    numbers, doubts = _to_integers(words)
    found = _read_moments(numbers, rule)
    return Read(values=found.values, doubts=doubts | found.doubts)


def _read_floats(words: Any, rule: Rule) -> Read:
    plain = pc.and_(pc.match_substring_regex(words, _NUMBER), pc.not_equal(words, "-0"))
    numbers = pc.if_else(plain, words, "0").cast(pa.float64())
    held = numbers.to_numpy()
    right = to_bools(plain) & np.isfinite(held) & (held >= rule["min"]) & (held <= rule["max"])
    return Read(values=numbers, doubts=~right)


def _read_booleans(words: Any, _rule: Rule) -> Read:
    values = pc.equal(words, "true")
    return Read(values=values, doubts=~(to_bools(values) | to_bools(pc.equal(words, "false"))))


def doubt_all(rows: int, rule: Rule) -> Read:
    return Read(values=pa.nulls(rows, arrow_type(rule)), doubts=np.ones(rows, np.bool_))


def _none(rows: int) -> Bools:
    return np.zeros(rows, np.bool_)


def to_bools(found: Any) -> Bools:
    return np.asarray(found.to_numpy(zero_copy_only=False), np.bool_)


_OF_TEXTS: Mapping[str, Callable[[Any, Rule], Read]] = {
    "string": _read_strings,
    "timestamp": _read_moments,
    "date": _read_days,
}
_OF_WORDS: Mapping[str, Callable[[Any, Rule], Read]] = {
    "integer": _read_integers,
    "float": _read_floats,
    "boolean": _read_booleans,
    "timestamp": _read_moment_numbers,
}
