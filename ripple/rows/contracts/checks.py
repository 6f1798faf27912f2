"""Compile a contract into one check a field. Pure; never coerces: a value fits as it is, or the row is a violation."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ripple.rows.formats.dialect import DELIMITED, Dialect, read_dialect
from ripple.rows.timestamp_grammar import spell_rules
from ripple.rows.timestamps import MAX_MICROS, MIN_MICROS, Refusal, parse_timestamp, read_day

LONGEST_TEXT = 4096
"""Characters of a string whose contract says no other limit."""


@dataclass(frozen=True, slots=True)
class Violation:
    """Why a row cannot be used: a stable code, the field (dotted), and a sentence for a person.

    `message` may quote what stood in the row, and so belongs beside the row; `reason` quotes nothing, and may go anywhere.
    """

    code: str
    field: str
    message: str
    unquoted: str = dataclasses.field(default="", compare=False)

    @property
    def reason(self) -> str:
        return self.unquoted or self.message


QUARANTINE_ALL: Mapping[str, str] = {"new_field": "quarantine", "widened_type": "quarantine"}
"""What becomes of each kind of drift where a contract says nothing."""

Check = Callable[[Any], "tuple[str, str] | None"]
"""None if the value fits, else `(code, what was expected)`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRule:
    """The field of a row's event time; how many days past its arrival a time may lie; the earliest day."""

    event: str
    slack_days: int
    floor: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A flow's fields in order, each with its kind and check; the contracts of its records; `evolve` or `quarantine` by drift.

    `time` says which times are plausible; None bounds none. `dialect` is how a delimited format is written.
    `max_deleted`: the share of keys that a delivery of all that the flow has may delete; None if the flow has no such deliveries.
    `columns`: the names that fields have in the lake, where they are others than the source's.
    """

    flow: str
    format: str
    kinds: Mapping[str, Mapping[str, Any]]
    checks: Mapping[str, Check]
    nullable: frozenset[str]
    records: Mapping[str, Contract]
    evolution: Mapping[str, str]
    time: TimeRule | None = None
    dialect: Dialect | None = None
    max_deleted: float | None = None
    columns: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def find_violation(self, row: object) -> Violation | None:
        """The first thing wrong with a decoded row, in the contract's field order; None if it keeps to the contract."""
        if not isinstance(row, Mapping):
            return Violation("wrong_type", "", f"a row is a JSON object, not {_name(row)}")
        for name, check in self.checks.items():
            value = row.get(name)
            if value is None:
                if name in self.nullable:
                    continue
                return Violation("missing_field", name, f"{name} is required")
            wrong = check(value)
            if wrong is not None:
                got = f"got {_name(value)}"
                reason = f"{name}: expected {self._expect(name, value, wrong[1])}, {got}"
                return Violation(wrong[0], name, f"{name}: expected {wrong[1]}, {got} {value!r:.80}", reason)
        if len(row) > len(self.checks) or not row.keys() <= self.checks.keys():
            unknown = next(name for name in row if name not in self.checks)
            return Violation("unknown_field", str(unknown)[:200], f"{str(unknown)[:200]!r} is not in the contract")
        return None

    def _expect(self, name: str, value: Any, expected: str) -> str:
        """What was expected of a value, without what stands in its records."""
        if name not in self.records or not isinstance(value, list):
            return expected
        inside = map(self.records[name].find_violation, value)
        return next((found.reason for found in inside if found), expected)


def compile_contract(source: Mapping[str, Any]) -> Contract:
    """A contract from its JSON form; KeyError names a kind that does not exist."""
    fields: Mapping[str, Mapping[str, Any]] = spell_rules(source["fields"])
    evolution = {**QUARANTINE_ALL, **source.get("evolution", {})}
    return Contract(
        flow=source["flow"],
        format=source["format"],
        kinds=fields,
        checks={name: KINDS[rule["kind"]](rule) for name, rule in fields.items()},
        nullable=frozenset(name for name, rule in fields.items() if rule.get("nullable")),
        records={name: _compile_inner(rule, evolution) for name, rule in fields.items() if rule["kind"] == "records"},
        evolution=evolution,
        time=_read_time(source["time"]) if "time" in source else None,
        max_deleted=source.get("max_deleted"),
        columns=source.get("columns", {}),
        dialect=read_dialect(source["format"], source.get("dialect", {})) if source["format"] in DELIMITED else None,
    )


def _read_time(rule: Mapping[str, Any]) -> TimeRule:
    return TimeRule(event=rule["event"], slack_days=rule["slack_days"], floor=read_day(rule["floor"]))


def _compile_inner(rule: Mapping[str, Any], evolution: Mapping[str, str]) -> Contract:
    """Fields of a record do not widen: what multiplies an order's lines would meet nulls."""
    narrow = {**evolution, "widened_type": "quarantine"}
    return compile_contract({"flow": "", "format": "", "evolution": narrow, "fields": rule["fields"]})


def _name(value: object) -> str:
    return type(value).__name__


def _string(rule: Mapping[str, Any]) -> Check:
    allowed = frozenset(rule.get("enum", ()))
    if allowed:
        return lambda value: _check_enum(value, allowed)
    pattern = re.compile(rule["pattern"], re.ASCII) if "pattern" in rule else None
    longest = rule.get("max", LONGEST_TEXT)

    def check(value: Any) -> tuple[str, str] | None:
        if not isinstance(value, str):
            return "wrong_type", "a string"
        # Not `search`: its `$` lets a line feed through at the end.
        if len(value) > longest or (pattern and not pattern.fullmatch(value)):
            return "out_of_range", f"at most {longest} characters" + (
                f" like {rule['pattern']}" if "pattern" in rule else ""
            )
        return None

    return check


def _check_enum(value: Any, allowed: frozenset[str]) -> tuple[str, str] | None:
    if not isinstance(value, str):
        return "wrong_type", "a string"
    return None if value in allowed else ("not_in_enum", "one of " + ", ".join(sorted(allowed)))


def _integer(rule: Mapping[str, Any]) -> Check:
    low, high = rule["min"], rule["max"]

    def check(value: Any) -> tuple[str, str] | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return "wrong_type", "an integer"
        return None if low <= value <= high else ("out_of_range", f"{low} to {high}")

    return check


def _float(rule: Mapping[str, Any]) -> Check:
    low, high = rule["min"], rule["max"]

    def check(value: Any) -> tuple[str, str] | None:
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            return "wrong_type", "a finite number"
        return None if low <= value <= high else ("out_of_range", f"{low} to {high}")

    return check


def _boolean(_rule: Mapping[str, Any]) -> Check:
    return lambda value: None if isinstance(value, bool) else ("wrong_type", "true or false")


def _timestamp(rule: Mapping[str, Any]) -> Check:
    grammar = frozenset(rule["grammar"])
    expected = "a timestamp as " + ", ".join(rule["grammar"])
    # An arrival sets these; no contract does.
    earliest, latest, plausible = (
        rule.get("earliest", MIN_MICROS),
        rule.get("latest", MAX_MICROS),
        rule.get("plausible", ""),
    )

    def check(value: Any) -> tuple[str, str] | None:
        read = parse_timestamp(value, grammar)
        if isinstance(read, Refusal):
            return read.code, expected
        return None if earliest <= read <= latest else ("implausible_time", plausible)

    return check


def _date(_rule: Mapping[str, Any]) -> Check:
    def check(value: Any) -> tuple[str, str] | None:
        if not isinstance(value, str):
            return "wrong_type", "a date as YYYY-MM-DD"
        try:
            read_day(value)
        except ValueError:
            return "out_of_range", "a calendar date as YYYY-MM-DD"
        return None

    return check


def _strings(rule: Mapping[str, Any]) -> Check:
    longest = rule["max"]

    def check(value: Any) -> tuple[str, str] | None:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            return "wrong_type", "a list of strings"
        return None if len(value) <= longest else ("out_of_range", f"at most {longest} items")

    return check


def _record(rule: Mapping[str, Any]) -> Check:
    inner = _compile_inner(rule, QUARANTINE_ALL)

    def check(value: Any) -> tuple[str, str] | None:
        if not isinstance(value, Mapping):
            return "wrong_type", "a record"
        wrong = inner.find_violation(value)
        return None if wrong is None else (wrong.code, wrong.message)

    return check


def _list(rule: Mapping[str, Any]) -> Check:
    item, longest = KINDS[rule["items"]["kind"]](rule["items"]), rule["max"]

    def check(value: Any) -> tuple[str, str] | None:
        if not isinstance(value, list):
            return "wrong_type", "a list"
        if len(value) > longest:
            return "out_of_range", f"at most {longest} items"
        if any(one is None for one in value):
            return "wrong_type", "a list without nulls"
        return next((found for one in value if (found := item(one))), None)

    return check


def _json(_rule: Mapping[str, Any]) -> Check:
    return lambda _value: None


def _records(rule: Mapping[str, Any]) -> Check:
    inner = _compile_inner(rule, QUARANTINE_ALL)
    longest = rule["max"]

    def check(value: Any) -> tuple[str, str] | None:
        if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
            return "wrong_type", "a list of records"
        if len(value) > longest:
            return "out_of_range", f"at most {longest} items"
        wrong = next((found for found in map(inner.find_violation, value) if found), None)
        return None if wrong is None else (wrong.code, wrong.message)

    return check


KINDS: Mapping[str, Callable[[Mapping[str, Any]], Check]] = {
    "string": _string,
    "integer": _integer,
    "float": _float,
    "boolean": _boolean,
    "timestamp": _timestamp,
    "date": _date,
    "strings": _strings,
    "records": _records,
    "record": _record,
    "list": _list,
    "json": _json,
}
