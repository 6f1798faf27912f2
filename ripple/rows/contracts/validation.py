"""Is a contract's JSON a contract? All that is wrong with it is named at once, before a row is checked by it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ripple.rows.contracts.checks import KINDS, QUARANTINE_ALL
from ripple.rows.formats.dialect import find_dialect_faults
from ripple.rows.timestamp_grammar import find_grammar_faults
from ripple.rows.timestamps import read_day

FORMATS = ("jsonl", "json", "csv", "tsv", "avro", "parquet")
REWRITES = ("add", "replace")
"""What a name that is written again does: its rows come beside those of before, or stand for them."""
RESCUED_COLUMN = "_rescued"
"""The silver column that holds what a contract does not foresee, as JSON text."""
CORRECTS_FIELD = "_corrects"
"""The field of a corrected line that names the quarantined line it corrects, by number."""
RESERVED = (RESCUED_COLUMN, CORRECTS_FIELD)
_TOP = ("flow", "format", "dialect", "rewrite", "max_deleted", "evolution", "rules", "time", "columns", "fields")
_RULE_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
MOST_SLACK_DAYS = 3650
_TIME = ("event", "slack_days", "floor")


def find_faults(source: object) -> list[str]:
    """What is wrong, each with its place and what it must be; empty for a contract."""
    if not isinstance(source, Mapping):
        return ["a contract is a JSON object"]
    faults = [f"{name}: unknown; known are {', '.join(_TOP)}" for name in source if name not in _TOP]
    if not isinstance(source.get("flow"), str):
        faults.append("flow: must be a string")
    if source.get("format") not in FORMATS:
        faults.append(f"format: is {source.get('format')!r}, must be one of {', '.join(FORMATS)}")
    faults += [*_find_evolution_faults(source.get("evolution", {})), *_find_rule_faults(source.get("rules", {}))]
    if source.get("rewrite", REWRITES[0]) not in REWRITES:
        faults.append(f"rewrite: is {source['rewrite']!r}, must be one of {', '.join(REWRITES)}")
    most = source.get("max_deleted", 0)
    if isinstance(most, bool) or not isinstance(most, int | float) or not 0 <= most <= 1:
        faults.append(f"max_deleted: is {most!r}, must be a share from 0 to 1")
    faults += find_dialect_faults(source.get("format"), source.get("dialect"))
    return [*faults, *_find_time_faults(source), *_find_field_faults(source, "fields")]


def _find_time_faults(source: Mapping[str, Any]) -> Iterator[str]:
    if "time" not in source:
        return
    time, fields = source["time"], source.get("fields")
    if not isinstance(time, Mapping) or set(time) != set(_TIME):
        yield f"time: must be an object with {', '.join(_TIME)} and nothing else"
        return
    rule = fields.get(time["event"]) if isinstance(fields, Mapping) and isinstance(time["event"], str) else None
    if not isinstance(rule, Mapping) or rule.get("kind") != "timestamp":
        yield f"time.event: is {time['event']!r}, must be the name of a timestamp field"
    if type(time["slack_days"]) is not int or not 0 <= time["slack_days"] <= MOST_SLACK_DAYS:
        yield f"time.slack_days: is {time['slack_days']!r}, must be 0 to {MOST_SLACK_DAYS}"
    try:
        read_day(time["floor"])
    except ValueError as error:
        yield f"time.floor: {error}"


def _find_evolution_faults(evolution: object) -> Iterator[str]:
    if not isinstance(evolution, Mapping):
        yield "evolution: must be an object"
        return
    for kind, policy in evolution.items():
        if kind not in QUARANTINE_ALL:
            yield f"evolution.{kind}: unknown; what can evolve is {', '.join(QUARANTINE_ALL)}"
        elif policy not in ("quarantine", "evolve"):
            yield f"evolution.{kind}: is {policy!r}, must be quarantine or evolve"


def _find_rule_faults(rules: object) -> Iterator[str]:
    """A rule over a row is a condition in SQL; its name is the code under which a row that breaks it is set aside."""
    if not isinstance(rules, Mapping):
        yield "rules: must be an object"
        return
    for name, condition in rules.items():
        if not _RULE_NAME.fullmatch(str(name)):
            yield f"rules.{name}: a rule's name is lower case letters, digits and _"
        if not isinstance(condition, str) or not condition.strip() or ";" in condition:
            yield f"rules.{name}: must be one condition in SQL"


def _find_field_faults(owner: Mapping[str, Any], place: str) -> Iterator[str]:
    fields = owner.get("fields")
    if not isinstance(fields, Mapping) or not fields:
        yield f"{place}: must be an object with a field at least"
        return
    for name, rule in fields.items():
        at = f"{place}.{name}"
        if name in RESERVED:
            yield f"{at}: the name is reserved"
        if not isinstance(rule, Mapping) or rule.get("kind") not in KINDS:
            kind = rule.get("kind") if isinstance(rule, Mapping) else rule
            yield f"{at}.kind: is {kind!r}, must be one of {', '.join(KINDS)}"
        elif not isinstance(rule.get("nullable", False), bool):
            yield f"{at}.nullable: must be true or false"
        else:
            yield from _find_inner_faults(rule, at)


def _find_inner_faults(rule: Mapping[str, Any], at: str) -> Iterator[str]:
    if rule["kind"] == "timestamp":
        yield from (f"{at}.grammar: {fault}" for fault in find_grammar_faults(rule.get("grammar")))
    elif rule["kind"] == "list":
        yield from _find_field_faults({"fields": {"items": rule.get("items")}}, at)
    elif rule["kind"] in ("record", "records"):
        yield from _find_field_faults(rule, f"{at}.fields")
