"""FORMAT_* and PARSE_*: GoogleSQL's format elements, written as DuckDB's."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlglot import exp

from laptop.bigquery.errors import invalid_query, unsupported
from laptop.bigquery.sql.rules import Rule, SqlWriter, constant_text, quote, taking

_ELEMENT = re.compile(r"%(E\*S|E\dS|Ez|E4Y|.)|([^%]+)", re.DOTALL)
_SAME = set("mdHMSyjbBaAIpUWGVuw")
_EXPANDED = {
    "F": "%Y-%m-%d",
    "T": "%H:%M:%S",
    "D": "%m/%d/%y",
    "R": "%H:%M",
    "h": "%b",
    "E4Y": "%Y",
    "n": "\n",
    "t": "\t",
}
_WRITTEN = {
    "Y": "CAST(extract(year FROM {0}) AS VARCHAR)",
    "e": "lpad(CAST(extract(day FROM {0}) AS VARCHAR), 2, ' ')",
    "k": "lpad(CAST(extract(hour FROM {0}) AS VARCHAR), 2, ' ')",
    "s": "CAST(bq_floor_div(epoch_us({0}), 1000000) AS VARCHAR)",
    "Q": "CAST(extract(quarter FROM {0}) AS VARCHAR)",
    "E3S": "strftime({0}, '%S') || '.' || lpad(CAST((epoch_us({0}) % 1000000 + 1000000) % 1000000 // 1000 AS VARCHAR), 3, '0')",
    "E6S": "strftime({0}, '%S.%f')",
    "E*S": "regexp_replace(strftime({0}, '%S.%f'), '\\.?0*$', '')",
    "Z": "{zone}",
    "z": "{offset}",
    "Ez": "{wide_offset}",
}


def format_rule(kind: str) -> Rule:
    """FORMAT_DATE, FORMAT_DATETIME, FORMAT_TIME, FORMAT_TIMESTAMP."""

    def write(writer: SqlWriter, args: Sequence[exp.Expr]) -> str:
        pattern = constant_text(args[0], "a format")
        value = f"bq_{kind}({writer.sql(args[1])})"
        zone = constant_text(args[2], "a time zone") if len(args) > 2 else "UTC"
        if kind == "timestamp":
            value = f"timezone({quote(zone)}, {value})"
        pieces = [_written(element, plain, value, kind, zone) for element, plain in _ELEMENT.findall(pattern)]
        return f"({' || '.join(pieces)})" if pieces else "''"

    return write


_OF_TIME = {"H", "I", "M", "S", "p", "k", "T", "R", "s", "E3S", "E6S", "E*S", "Z", "z", "Ez"}
_OF_DATE = {
    "Y",
    "m",
    "d",
    "e",
    "y",
    "j",
    "b",
    "B",
    "a",
    "A",
    "U",
    "W",
    "V",
    "G",
    "u",
    "w",
    "F",
    "D",
    "h",
    "E4Y",
    "Q",
    "s",
}


def _refuse_foreign(element: str, kind: str) -> None:
    """An element of a time for a DATE, of a date for a TIME: BigQuery leaves it as it is, or refuses it."""
    if element in {"date": _OF_TIME, "time": _OF_DATE}.get(kind, set()):
        raise invalid_query(f"Invalid format: %{element} is not allowed for the {kind.upper()} type.")


def _written(element: str, plain: str, value: str, kind: str, zone: str) -> str:
    if plain:
        return quote(plain)
    _refuse_foreign(element, kind)
    if element in _SAME:
        return f"strftime({_dated(value, kind)}, '%{element}')"
    if element == "%":
        return "'%'"
    if element in _EXPANDED:
        return f"strftime({_dated(value, kind)}, {quote(_EXPANDED[element])})"
    if element in ("Z", "z", "Ez") and (zone != "UTC" or kind != "timestamp"):
        raise unsupported(f"format element %{element} in a zone other than UTC")
    if element not in _WRITTEN:
        raise unsupported(f"format element %{element}")
    seconds = _WRITTEN[element].replace("\\\\", "\\")
    return seconds.format(_dated(value, kind), zone="'UTC'", offset="'+0000'", wide_offset="'+00:00'")


def _dated(value: str, kind: str) -> str:
    return f"(DATE '1970-01-01' + {value})" if kind == "time" else value


def parse_rule(kind: str, *, safe: bool = False) -> Rule:
    """PARSE_DATE, PARSE_DATETIME, PARSE_TIMESTAMP; a zone in the text is honoured, the default is UTC."""
    cast = {"date": "DATE", "datetime": "TIMESTAMP", "timestamp": "TIMESTAMPTZ", "time": "TIME"}[kind]
    call = "try_strptime" if safe else "strptime"

    def write(writer: SqlWriter, args: Sequence[exp.Expr]) -> str:
        pattern = constant_text(args[0], "a format")
        for element, _plain in _ELEMENT.findall(pattern):
            _refuse_foreign(element, kind)
        formats = _parse_formats(pattern)
        zone = writer.sql(args[2]) if len(args) > 2 else "'UTC'"
        text = writer.sql(args[1])
        if len(formats) > 1:  # digits beyond microseconds are dropped, DuckDB would refuse them
            text = f"regexp_replace({text}, '(\\.\\d{{6}})\\d+', '\\1')"
        text, formats = _from_1970(text, formats)
        parsed = f"{call}({text}, [{', '.join(map(quote, formats))}])"
        if kind == "timestamp" and not any("%z" in pattern or "%Z" in pattern for pattern in formats):
            return f"timezone({zone}, CAST({parsed} AS TIMESTAMP))"
        return f"CAST({parsed} AS {cast})"

    return write


_YEARS = ("%Y", "%y")


def _from_1970(text: str, formats: list[str]) -> tuple[str, list[str]]:
    """A text without a year is of 1970; DuckDB would take 1900."""
    if any(year in formats[0] for year in _YEARS):
        return text, formats
    return f"'1970 ' || {text}", [f"%Y {pattern}" for pattern in formats]


def _parse_formats(pattern: str) -> list[str]:
    """DuckDB has no optional fraction, so `%E*S` becomes two formats to try in turn."""
    written = "".join(_parse_element(element) if element else plain for element, plain in _ELEMENT.findall(pattern))
    if "%E*S" not in written:
        return [written]
    return [written.replace("%E*S", "%S.%f"), written.replace("%E*S", "%S")]


def _parse_element(element: str) -> str:
    if element in ("E*S", "%"):
        return f"%{element}"
    if element in ("Ez", "z"):
        return "%z"
    if element in ("E3S", "E6S"):
        return "%S.%f"
    if element == "e":
        return "%-d"
    if element in _EXPANDED:
        return _EXPANDED[element]
    if element in set("YmdHMSyjbBaAIp"):
        return f"%{element}"
    raise unsupported(f"format element %{element} in PARSE")


_KINDS = ("date", "datetime", "time", "timestamp")


def _most(kind: str) -> int:
    """Only a timestamp takes a zone."""
    return 3 if kind == "timestamp" else 2


RULES: dict[str, Rule] = {
    **{f"FORMAT_{kind.upper()}": taking(format_rule(kind), 2, _most(kind)) for kind in _KINDS},
    **{f"PARSE_{kind.upper()}": taking(parse_rule(kind), 2, _most(kind)) for kind in _KINDS},
}
SAFE_RULES = {f"PARSE_{kind.upper()}": taking(parse_rule(kind, safe=True), 2, _most(kind)) for kind in _KINDS}
