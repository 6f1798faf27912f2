"""Date and time functions: differences, truncation, arithmetic, parts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlglot import exp

from laptop.bigquery.errors import invalid_query, unsupported
from laptop.bigquery.sql.rules import Rule, SqlWriter, keyword, taking, template

MICROS = {
    "MICROSECOND": 1,
    "MILLISECOND": 1_000,
    "SECOND": 1_000_000,
    "MINUTE": 60_000_000,
    "HOUR": 3_600_000_000,
    "DAY": 86_400_000_000,
}
_FINE = ("HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND")
_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}
_WEEK_STARTS = {"SUNDAY": 3, "MONDAY": 4, "TUESDAY": 5, "WEDNESDAY": 6, "THURSDAY": 0, "FRIDAY": 1, "SATURDAY": 2}


def week_start(part: str) -> int | None:
    """The day of the epoch on which weeks of `WEEK`, `WEEK(MONDAY)`, `ISOWEEK` begin; None for other parts."""
    if part == "ISOWEEK":
        return _WEEK_STARTS["MONDAY"]
    matched = re.fullmatch(r"WEEK(?:\((\w+)\))?", part)
    return _WEEK_STARTS.get(matched[1] or "SUNDAY") if matched else None


def _timestamp_diff(writer: SqlWriter, args: Sequence[exp.Expr]) -> str:
    first, second, part = writer.sql(args[0]), writer.sql(args[1]), keyword(args[2])
    if part not in MICROS:
        raise invalid_query(f"TIMESTAMP_DIFF does not support the {part} date part")
    return f"bq_timestamp_diff({first}, {second}, {MICROS[part]})"


def _calendar_diff(kind: str, finest: Sequence[str]) -> Rule:
    def write(writer: SqlWriter, args: Sequence[exp.Expr]) -> str:
        first, second = (f"bq_{kind}_only({writer.sql(arg)})" for arg in args[:2])
        part = keyword(args[2])
        start = week_start(part)
        if start is not None:
            return f"(bq_weeks({first}, {start}) - bq_weeks({second}, {start}))"
        if part == "DAY":
            return f"(bq_days({first}) - bq_days({second}))"
        if part in finest:
            size = MICROS[part]
            return f"(bq_floor_div(epoch_us({first}), {size}) - bq_floor_div(epoch_us({second}), {size}))"
        if part in _MONTHS or part == "ISOYEAR":
            return f"date_diff('{part.lower()}', {second}, {first})" if part != "ISOYEAR" else _isoyears(first, second)
        raise invalid_query(f"{kind.upper()}_DIFF does not support the {part} date part")

    return write


def _isoyears(first: str, second: str) -> str:
    return f"(extract(isoyear FROM {first}) - extract(isoyear FROM {second}))"


def interval_of(writer: SqlWriter, argument: exp.Expr) -> tuple[str, str]:
    """`INTERVAL n PART` as the number's SQL and the part."""
    if not isinstance(argument, exp.Interval) or argument.args.get("unit") is None:
        raise unsupported("an interval that is not written INTERVAL n PART")
    number = argument.this
    if isinstance(number, exp.Literal) and number.is_string:
        number = exp.Literal.number(number.this)
    return writer.sql(number), keyword(argument.args["unit"])


def _shift(kind: str, sign: str) -> Rule:
    def write(writer: SqlWriter, args: Sequence[exp.Expr]) -> str:
        base = f"bq_{kind}_only({writer.sql(args[0])})"
        number, part = interval_of(writer, args[1])
        step = _step(kind, f"CAST({sign}({number}) AS BIGINT)", part)
        moved = f"({base} + {step})"
        return moved if kind == "time" else f"bq_{kind}_in_range({moved})"

    return write


def _step(kind: str, number: str, part: str) -> str:
    if part in MICROS and kind != "date" and not (kind == "time" and part == "DAY"):
        return f"to_microseconds({number} * {MICROS[part]})"
    if part in ("DAY", "WEEK") and kind in ("date", "datetime"):
        return f"to_days(CAST({number} * {7 if part == 'WEEK' else 1} AS INTEGER))"
    if part in _MONTHS and kind in ("date", "datetime"):
        return f"to_months(CAST({number} * {_MONTHS[part]} AS INTEGER))"
    raise invalid_query(f"{kind.upper()} arithmetic does not support the {part} date part")


def _truncate(kind: str) -> Rule:
    def write(writer: SqlWriter, args: Sequence[exp.Expr]) -> str:
        value = f"bq_{kind}_only({writer.sql(args[0])})"
        part = keyword(args[1]) if len(args) > 1 else "DAY"
        if kind == "date" and part in _FINE:
            raise invalid_query(f"DATE_TRUNC does not support the {part} date part")
        zone = writer.sql(args[2]) if len(args) > 2 else "'UTC'"
        if kind == "timestamp":
            return f"timezone({zone}, {truncated(f'timezone({zone}, {value})', part, 'TIMESTAMP')})"
        return truncated(value, part, "DATE" if kind == "date" else "TIMESTAMP")

    return write


def truncated(value: str, part: str, result: str) -> str:
    start, kind = week_start(part), "date" if result == "DATE" else "datetime"
    if start is not None:
        return f"bq_{kind}_in_range(bq_week_start({value}, {start}))"
    if part == "ISOYEAR":
        return f"bq_{kind}_in_range(bq_isoyear_start({value}))"
    if part in MICROS or part in _MONTHS:
        return f"CAST(date_trunc('{part.lower()}', {value}) AS {result})"
    raise invalid_query(f"The {part} date part cannot be truncated to")


_PARTS = {
    "DAYOFWEEK": "(extract(dow FROM {0}) + 1)",
    "DAYOFYEAR": "extract(doy FROM {0})",
    "MILLISECOND": "(extract(millisecond FROM {0}) % 1000)",
    "MICROSECOND": "(extract(microsecond FROM {0}) % 1000000)",
    "ISOWEEK": "extract(week FROM {0})",
    "DATE": "CAST({0} AS DATE)",
    "TIME": "CAST({0} AS TIME)",
    "DATETIME": "CAST({0} AS TIMESTAMP)",
    **{
        part: f"extract({part.lower()} FROM {{0}})"
        for part in ("YEAR", "ISOYEAR", "QUARTER", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND")
    },
}


def extract(writer: SqlWriter, node: exp.Extract) -> str:
    """EXTRACT(part FROM x [AT TIME ZONE z]); a TIMESTAMP is read in UTC."""
    part, source = keyword(node.this), node.expression
    value = writer.sql(source)
    if isinstance(source, exp.AtTimeZone):
        value = f"timezone({writer.sql(source.args['zone'])}, bq_timestamp({writer.sql(source.this)}))"
    if part.startswith("WEEK"):
        return f"bq_week_of_year({value}, {week_start(part)})"
    if part not in _PARTS:
        raise unsupported(f"EXTRACT({part})")
    return _PARTS[part].format(f"bq_not_date({value})" if part in _FINE else value)


def _to_zone(name: str, cast: str) -> Rule:
    return template(f"bq_{name}({{0}})", f"CAST(timezone({{1}}, {{0}}) AS {cast})")


def _dates(writer: SqlWriter, args: Sequence[exp.Expr]) -> str:
    if len(args) == 3:
        return "make_date({}, {}, {})".format(*(writer.sql(arg) for arg in args))
    return _to_zone("date", "DATE")(writer, args)


def _last_day(writer: SqlWriter, args: Sequence[exp.Expr]) -> str:
    part = keyword(args[1]) if len(args) > 1 else "MONTH"
    value = f"bq_date({writer.sql(args[0])})"
    if week_start(part) is not None:
        return f"CAST({truncated(value, part, 'DATE')} + INTERVAL 6 DAY AS DATE)"
    if part == "ISOYEAR":
        # The year after the one that a Thursday of it is in: 371 days from its Monday are always within the next.
        return f"CAST(bq_isoyear_start({truncated(value, part, 'DATE')} + INTERVAL 371 DAY) - INTERVAL 1 DAY AS DATE)"
    if part not in _MONTHS:
        raise invalid_query(f"LAST_DAY does not support the {part} date part")
    return f"CAST({truncated(value, part, 'DATE')} + INTERVAL {_MONTHS[part]} MONTH - INTERVAL 1 DAY AS DATE)"


def _date_array(writer: SqlWriter, args: Sequence[exp.Expr]) -> str:
    first, last = (f"bq_date({writer.sql(arg)})" for arg in args[:2])
    number, part = interval_of(writer, args[2]) if len(args) > 2 else ("1", "DAY")
    return f"bq_date_series({first}, {last}, {_step('date', number, part)})"


def _timestamp_array(writer: SqlWriter, args: Sequence[exp.Expr]) -> str:
    number, part = interval_of(writer, args[2])
    first, last = (f"bq_timestamp({writer.sql(arg)})" for arg in args[:2])
    return f"generate_series({first}, {last}, {_step('timestamp', number, part)})"


RULES: dict[str, Rule] = {
    "TIMESTAMP_DIFF": taking(_timestamp_diff, 3, 3),
    "DATE_DIFF": taking(_calendar_diff("date", ()), 3, 3),
    "DATETIME_DIFF": taking(_calendar_diff("datetime", _FINE), 3, 3),
    **{f"{kind.upper()}_ADD": taking(_shift(kind, "+"), 2, 2) for kind in ("date", "datetime", "timestamp", "time")},
    **{f"{kind.upper()}_SUB": taking(_shift(kind, "-"), 2, 2) for kind in ("date", "datetime", "timestamp", "time")},
    **{f"{kind.upper()}_TRUNC": taking(_truncate(kind), 1, 2) for kind in ("date", "datetime")},
    "TIMESTAMP_TRUNC": taking(_truncate("timestamp"), 1, 3),
    "DATE": taking(_dates, 1, 3),
    "DATETIME": _to_zone("datetime", "TIMESTAMP"),
    "TIME": _to_zone("time", "TIME"),
    "TIMESTAMP": template("bq_timestamp({0})", "timezone({1}, bq_datetime({0}))"),
    "TIMESTAMP_SECONDS": template("make_timestamptz(CAST({0} * 1000000 AS BIGINT))"),
    "TIMESTAMP_MILLIS": template("make_timestamptz(CAST({0} * 1000 AS BIGINT))"),
    "TIMESTAMP_MICROS": template("make_timestamptz(CAST({0} AS BIGINT))"),
    "UNIX_SECONDS": template("bq_floor_div(bq_micros({0}), 1000000)"),
    "UNIX_MILLIS": template("bq_floor_div(bq_micros({0}), 1000)"),
    "UNIX_MICROS": template("bq_micros({0})"),
    "UNIX_DATE": template("bq_days({0})"),
    "DATE_FROM_UNIX_DATE": template("CAST(DATE '1970-01-01' + CAST({0} AS INTEGER) AS DATE)"),
    "LAST_DAY": taking(_last_day, 1, 2),
    "GENERATE_DATE_ARRAY": taking(_date_array, 2, 3),
    "GENERATE_TIMESTAMP_ARRAY": taking(_timestamp_array, 3, 3),
    "CURRENT_TIMESTAMP": taking(lambda _writer, _args: "now()", 0, 0),
    "CURRENT_DATE": template("CAST(timezone('UTC', now()) AS DATE)", "CAST(timezone({0}, now()) AS DATE)"),
    "CURRENT_DATETIME": template("timezone('UTC', now())", "timezone({0}, now())"),
    "CURRENT_TIME": template("CAST(timezone('UTC', now()) AS TIME)", "CAST(timezone({0}, now()) AS TIME)"),
}
