"""How the records of a delimited file are written (RFC 4180 and what is declared beside it), and one record read by itself."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

DELIMITED = ("csv", "tsv")
_OF_FORMAT = {"csv": ",", "tsv": "\t"}


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """`header`: the first record names the fields, else `names` do. `nulls`: texts that stand for no value, where they are not quoted."""

    delimiter: str = ","
    quote: str = '"'
    header: bool = True
    names: tuple[str, ...] = ()
    nulls: tuple[str, ...] = ("",)
    encoding: str = "utf-8"

    @cached_property
    def field(self) -> re.Pattern[bytes]:
        """One field and what ends it: quoted, with quotes in it doubled; or without any."""
        quote, delimiter = re.escape(self.quote.encode()), re.escape(self.delimiter.encode())
        quoted = rb"%b((?:[^%b]|%b%b)*+)%b" % (quote, quote, quote, quote, quote)
        return re.compile(rb"(?:%b|([^%b%b]*+))(%b|\Z)" % (quoted, quote, delimiter, delimiter))


def read_dialect(format: str, source: Mapping[str, Any]) -> Dialect:
    """The dialect of a contract that has no faults."""
    given: dict[str, Any] = {"delimiter": _OF_FORMAT[format], **source}
    given |= {name: tuple(given[name]) for name in ("names", "nulls") if name in given}
    return Dialect(**given)


def find_dialect_faults(format: object, source: object) -> Iterator[str]:
    """What is wrong with a contract's `dialect`, each with its place."""
    if source is None:
        return
    if format not in DELIMITED:
        yield f"dialect: {format} has none; {', '.join(DELIMITED)} have"
    elif not isinstance(source, Mapping):
        yield "dialect: must be an object"
    else:
        known = {field.name for field in fields(Dialect)}
        yield from (
            f"dialect.{name}: unknown; known are {', '.join(sorted(known))}" for name in source if name not in known
        )
        yield from _find_sign_faults(source)
        yield from _find_list_faults(source)


def _find_sign_faults(source: Mapping[str, Any]) -> Iterator[str]:
    for name in ("delimiter", "quote"):
        sign = source.get(name, ";")
        if not isinstance(sign, str) or len(sign) != 1 or not sign.isascii() or sign in "\r\n":
            yield f"dialect.{name}: is {sign!r}, must be one ASCII character, and no end of a line"
    if source.get("delimiter", ",") == source.get("quote", '"'):
        yield "dialect.quote: is the delimiter too"
    if not isinstance(source.get("header", True), bool):
        yield "dialect.header: must be true or false"
    try:
        codecs.lookup(source.get("encoding", "utf-8"))
    except (LookupError, TypeError):
        yield f"dialect.encoding: is {source['encoding']!r}, which Python does not know"


def _find_list_faults(source: Mapping[str, Any]) -> Iterator[str]:
    for name in ("names", "nulls"):
        held = source.get(name, [])
        if not isinstance(held, list) or not all(isinstance(text, str) for text in held):
            yield f"dialect.{name}: must be a list of texts"
    if source.get("header", True) is False and not source.get("names"):
        yield "dialect.names: must name the fields in their order where there is no header"


@dataclass(frozen=True, slots=True)
class Cell:
    """The text of a field, and whether it was quoted."""

    text: str
    is_quoted: bool


def parse_record(record: bytes, dialect: Dialect) -> Sequence[Cell] | None:
    """The fields of a record without its line end; None where a quote stands as none may. UnicodeDecodeError for what is no UTF-8."""
    cells: list[Cell] = []
    at, quote = 0, dialect.quote
    while True:
        found = dialect.field.match(record, at)
        if found is None:
            return None
        quoted, plain, end = found.groups()
        text = plain.decode() if quoted is None else quoted.decode().replace(quote + quote, quote)
        cells.append(Cell(text, quoted is not None))
        at = found.end()
        if not end:
            return cells
