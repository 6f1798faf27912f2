"""The text of a field as a value of its kind: one by itself, which decides, and a column at a time, which may doubt. Pure.

A text is read as JSON would write the value; true and false in any case. What no reading gives stays a text, and its check refuses it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ripple.rows.arrow_rows import to_column
from ripple.rows.contracts import Contract
from ripple.rows.contracts.checks import Check
from ripple.rows.formats.dialect import Cell, Dialect
from ripple.rows.layouts.columns import Read, read_texts, read_words, to_bools
from ripple.rows.layouts.pages import Bools
from ripple.rows.sales_schema import arrow_type
from ripple.rows.timestamps import Refusal, parse_timestamp

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,399})")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,399})(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_TRUE, _FALSE = ("true", "True", "TRUE"), ("false", "False", "FALSE")
_EPOCHS = frozenset({"epoch_seconds", "epoch_millis", "epoch_micros"})
Rule = Mapping[str, Any]


def to_row(cells: Sequence[Cell], names: Sequence[str], contract: Contract, dialect: Dialect) -> dict[str, Any]:
    """A record as a row; what stands for no value is None. A field that the contract does not know stays a text."""
    return {
        name: None if _is_absent(cell, name, contract, dialect) else _read(cell.text, contract.kinds.get(name))
        for name, cell in zip(names, cells, strict=True)
    }


def _is_absent(cell: Cell, name: str, contract: Contract, dialect: Dialect) -> bool:
    """Writers that quote everything quote what is not there as well: in quotes, it is a text where the field takes that text."""
    return cell.text in dialect.nulls and not (cell.is_quoted and cell.text in _find_taken(name, contract, dialect))


def _find_taken(name: str, contract: Contract, dialect: Dialect) -> Sequence[str]:
    """Of what stands for no value, the texts that the field could hold."""
    if contract.kinds.get(name, {"kind": ""})["kind"] != "string":
        return ()
    return [text for text in dialect.nulls if contract.checks[name](text) is None]


def _read(text: str, rule: Rule | None) -> Any:
    read = _READERS.get(rule["kind"]) if rule else None
    return read(text, rule) if read and rule else text


def _to_integer(text: str, _rule: Rule) -> Any:
    return int(text) if _INTEGER.fullmatch(text) else text


def _to_number(text: str, rule: Rule) -> Any:
    if not _NUMBER.fullmatch(text):
        return text
    return _to_integer(text, rule) if _INTEGER.fullmatch(text) else float(text)


def _to_boolean(text: str, _rule: Rule) -> Any:
    return True if text in _TRUE else False if text in _FALSE else text


def _to_moment(text: str, rule: Rule) -> Any:
    """A number where the contract declares epochs of that size as numbers; else the text, which may be an epoch as a text."""
    number = _to_number(text, rule)
    is_epoch = not isinstance(number, str) and not isinstance(parse_timestamp(number, rule["grammar"]), Refusal)
    return number if is_epoch else text


def has_epoch(rule: Rule) -> bool:
    return any(name in _EPOCHS for name in rule["grammar"] if isinstance(name, str))


def _to_nested(text: str, _rule: Rule) -> Any:
    """Lists and records are JSON in their field; a key that stands twice makes it none."""

    def expect_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError("a key stands twice")
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=expect_once)
    except (ValueError, RecursionError):
        return text


_READERS: Mapping[str, Callable[[str, Rule], Any]] = {
    "integer": _to_integer,
    "float": _to_number,
    "boolean": _to_boolean,
    "timestamp": _to_moment,
    "strings": _to_nested,
    "records": _to_nested,
    "record": _to_nested,
    "list": _to_nested,
    "json": _to_nested,
}


def undouble(texts: Any, escaped: Bools, dialect: Dialect) -> tuple[Any, Bools]:
    """Texts in which a quote stands twice, with it once; and which have one that stands alone."""
    if not escaped.any():
        return texts, escaped
    twice = dialect.quote * 2
    stray = to_bools(pc.match_substring(pc.replace_substring(texts, twice, ""), dialect.quote))
    once = pc.replace_substring(texts, twice, dialect.quote)
    return pc.if_else(pa.array(escaped), once, texts), escaped & stray


def read_column(texts: Any, quoted: Bools, name: str, contract: Contract, dialect: Dialect) -> Read:
    """The texts of a field as a column of its kind; `quoted` says which were."""
    rule = contract.kinds[name]
    absent = to_bools(pc.is_in(texts, value_set=pa.array(dialect.nulls, pa.string())))
    if absent.any() and quoted.any():
        taken = pa.array(_find_taken(name, contract, dialect), pa.string())
        absent &= ~(quoted & to_bools(pc.is_in(texts, value_set=taken)))
    if not absent.any():
        return _read_held(texts, rule, contract.checks[name])
    held = _read_held(texts.filter(pa.array(~absent)), rule, contract.checks[name])
    # Where a value is absent, any will do: the mask hides it.
    places = np.cumsum(~absent) - 1
    values = held.values.take(pa.array(places, mask=absent))
    doubts = np.full(len(texts), name not in contract.nullable)
    doubts[~absent] = held.doubts
    return Read(values=values, doubts=doubts)


def _read_held(texts: Any, rule: Rule, check: Check) -> Read:
    if not len(texts):
        return Read(values=pa.array([], arrow_type(rule)), doubts=np.zeros(0, np.bool_))
    if rule["kind"] in ("string", "date"):
        return read_texts(texts, rule)
    if rule["kind"] == "timestamp":
        return _read_moments(texts, rule)
    if rule["kind"] == "boolean":
        return _read_booleans(texts)
    return read_words(texts, rule) if rule["kind"] in ("integer", "float") else _read_nested(texts, rule, check)


def _read_nested(texts: Any, rule: Rule, check: Check) -> Read:
    """Each different text once; a value that its check refuses is in doubt."""
    coded = texts.dictionary_encode()
    values = [_to_nested(text, rule) for text in coded.dictionary.to_pylist()]
    right = np.array([check(value) is None for value in values], np.bool_)
    held = to_column([value if sound else None for value, sound in zip(values, right, strict=True)], rule)
    return Read(values=held.take(coded.indices), doubts=~right[coded.indices.to_numpy(zero_copy_only=False)])


def _read_moments(texts: Any, rule: Rule) -> Read:
    if not has_epoch(rule):
        return read_texts(texts, rule)
    numeric = to_bools(pc.match_substring_regex(texts, r"\A-?[0-9]+\z"))
    if numeric.all():
        return read_words(texts, rule)
    found = read_texts(texts, rule)
    return Read(values=found.values, doubts=found.doubts | numeric)


def _read_booleans(texts: Any) -> Read:
    true, false = (to_bools(pc.is_in(texts, value_set=pa.array(spellings))) for spellings in (_TRUE, _FALSE))
    return Read(values=pa.array(true), doubts=~(true | false))
