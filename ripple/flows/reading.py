"""Read a flow file: an Open Data Contract Standard document, of which every word is read or refused. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ripple.flows.declaration import ARRIVED_DAY, GRAINS, EventTime, Flow
from ripple.flows.faults import Faults, FlowInvalidError
from ripple.flows.fields import DELIVERED, NAME_OF_COLUMN, read_fields, read_rule
from ripple.flows.strict_yaml import read_yaml
from ripple.flows.words import DOCUMENT, FLOW_PROPERTIES, RULE, TABLE
from ripple.rows.contracts.validation import find_faults

VERSIONS = ("v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0", "v3.2.0")
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_EVOLUTION = {"rescue": "evolve", "refuse": "quarantine"}
_TIME = ("field", "column", "grain", "slackDays", "floor")
_HELD = DELIVERED - {ARRIVED_DAY}
FLOOR = "1900-01-01"
SLACK_DAYS = 2


def read_flow(text: str, name: str) -> Flow:
    """The flow that the text of `flows/{name}.yaml` declares; FlowInvalidError with all that is wrong."""
    try:
        source = read_yaml(text)
    except ValueError as error:
        raise FlowInvalidError(f"flows/{name}.yaml", [str(error)]) from error
    faults = Faults()
    flow = _read_document(source, name, faults)
    if flow is None or faults:
        raise FlowInvalidError(f"flows/{name}.yaml", faults)
    return flow


def _read_document(source: object, name: str, faults: Faults) -> Flow | None:
    document = faults.read(source, "", DOCUMENT)
    table = _read_head(document, name, faults)
    properties = faults.read_properties(document.get("customProperties"), "customProperties", FLOW_PROPERTIES)
    fields = read_fields(table.get("properties"), "fields", faults, DELIVERED)
    if not fields and not faults:
        faults.add("schema.properties", "must have a field at least")
    if faults:
        return None
    read = {field["name"]: read_rule(field, f"fields.{field['name']}", faults) for field in fields}
    rules = {column: rule for column, (rule, _) in read.items()}
    if faults:
        return None
    key = _read_key(fields, rules, faults)
    time, bounds = _read_time(properties.get("eventTime"), rules, faults)
    columns = {
        field["physicalName"]: field["name"]
        for field in fields
        if field.get("physicalName", field["name"]) != field["name"]
    }
    sources = {column: source for source, column in columns.items()}
    named = {sources.get(column, column): rule for column, rule in rules.items()}
    contract = _make_contract(name, properties, table, named, columns, faults)
    if bounds and time:
        contract["time"] = {"event": sources.get(time.field, time.field), **bounds}
    faults.extend(find_faults(contract) if not faults else ())
    return Flow(
        name=name,
        silver=str(table.get("name")),
        contract=contract,
        columns=columns,
        key=key,
        change=faults.read_choice(properties.get("change", "append"), "change", ("append", "upsert")),
        version=_read_version(properties, rules, faults),
        time=time,
        cluster=_read_columns(properties.get("clusterBy"), "clusterBy", rules, faults),
        texts={column: text for column, (_, text) in read.items()},
        grain=faults.read_text(table.get("dataGranularityDescription"), "schema.dataGranularityDescription")
        or f"A row of {name}.",
        description=faults.read_text(table.get("description"), "schema.description"),
        about=_read_about(document, faults),
        generator=_read_generator(properties.get("generator"), faults),
        collection=_read_collection(properties.get("collection"), name, faults),
        feeds=_read_feeds(properties.get("feeds"), faults),
    )


def _read_head(document: Mapping[str, Any], name: str, faults: Faults) -> Mapping[str, Any]:
    """The words above the rows, and the table."""
    if document.get("kind", "DataContract") != "DataContract":
        faults.add("kind", f"is {document['kind']!r}, must be DataContract")
    if document.get("apiVersion", VERSIONS[0]) not in VERSIONS:
        faults.add("apiVersion", f"is {document['apiVersion']!r}, must be one of {', '.join(VERSIONS)}")
    if not NAME.fullmatch(name) or name in RESERVED_FLOWS:
        faults.add(
            "name",
            f"{name!r} is no name of a flow: lower case letters, digits and _, and not {' or '.join(RESERVED_FLOWS)}",
        )
    elif document.get("name", name) != name:
        faults.add("name", f"is {document['name']!r}, must be {name!r}, as the file is called")
    tables = faults.read_list(document.get("schema"), "schema")
    if "schema" in document and len(tables) != 1:
        faults.add("schema", f"has {len(tables)} entries, must have one: a flow is one table")
    table = faults.read(tables[0], "schema", TABLE) if len(tables) == 1 else {}
    silver = table.get("name", "rows")
    if not isinstance(silver, str) or not NAME.fullmatch(silver) or silver in _TABLES or silver.endswith(_ENDINGS):
        faults.add(
            "schema.name",
            f"is {silver!r}, must be a name of a table that nothing else has: lower case letters, digits and _",
        )
    return table


RESERVED_FLOWS = ("run",)
"""Its fence would be that of all runs."""
_TABLES = ("corrections", "duplicate_rows", "kept_keys", "rejected_rows")
_ENDINGS = ("_versions", "_rejected")


def _read_about(document: Mapping[str, Any], faults: Faults) -> dict[str, str]:
    """What is for people only."""
    about = {word: faults.read_text(document.get(word), word) for word in ("id", "version", "status", "domain")}
    team = document.get("team", {})
    described = document.get("description", {})
    for owner, place, words in (
        (team, "team", ("name",)),
        (described, "description", ("purpose", "usage", "limitations")),
    ):
        if not isinstance(owner, Mapping) or set(owner) - set(words):
            faults.add(place, f"must be a mapping of {', '.join(words)}")
            continue
        about |= {f"{place}.{word}": faults.read_text(owner.get(word), f"{place}.{word}") for word in words}
    return {word: text for word, text in about.items() if text}


def _read_key(fields: list[Mapping[str, Any]], rules: Mapping[str, Any], faults: Faults) -> tuple[str, ...]:
    parts = [
        field
        for field in fields
        if faults.read_flag(field.get("primaryKey", False), f"fields.{field['name']}.primaryKey")
    ]
    for field in fields:
        place = field.get("primaryKeyPosition", 0)
        if not isinstance(place, int) or isinstance(place, bool):
            faults.add(f"fields.{field['name']}.primaryKeyPosition", f"is {place!r}, must be 1, 2, ...")
            return ()
        if "primaryKeyPosition" in field and field not in parts:
            faults.add(f"fields.{field['name']}.primaryKeyPosition", "is not read of a field that is no primaryKey")
    for field in parts:
        _check_required(
            field["name"], "primaryKey", rules, faults, ("string", "integer", "boolean", "date", "timestamp")
        )
    return tuple(field["name"] for field in sorted(parts, key=lambda field: field.get("primaryKeyPosition", 0)))


def _check_required(
    column: object, place: str, rules: Mapping[str, Any], faults: Faults, kinds: tuple[str, ...]
) -> bool:
    rule = rules.get(column) if isinstance(column, str) else None
    if rule is None or rule["kind"] not in kinds or rule.get("nullable"):
        faults.add(place, f"{column!r} must be a field of the file that is required, and a {' or '.join(kinds)}")
        return False
    return True


def _read_version(properties: Mapping[str, Any], rules: Mapping[str, Any], faults: Faults) -> str | None:
    version = properties.get("versionField")
    if properties.get("change") != "upsert":
        if version is not None:
            faults.add("versionField", "is read where change is upsert only")
        return None
    _check_required(version, "versionField", rules, faults, ("timestamp", "integer", "date"))
    return str(version)


def _read_time(found: Any, rules: Mapping[str, Any], faults: Faults) -> tuple[EventTime | None, dict[str, Any] | None]:
    """Where the day of a row is from, and the bounds of a time that landing checks."""
    if found is None:
        return None, None
    if not isinstance(found, Mapping) or "field" not in found or set(found) - set(_TIME):
        faults.add("eventTime", f"must be a mapping of {', '.join(_TIME)}")
        return None, None
    field = found["field"]
    if not _check_required(field, "eventTime.field", rules, faults, ("timestamp", "date")):
        return None, None
    is_day = rules[field]["kind"] == "date"
    column = field if is_day else found.get("column", f"{field.removesuffix('_at')}_date")
    is_free = (
        isinstance(column, str)
        and NAME_OF_COLUMN.fullmatch(column)
        and column.lower() not in {*map(str.lower, rules), *_HELD}
    )
    if found.get("column", field) != field if is_day else not is_free:
        faults.add(
            "eventTime.column",
            f"is {column!r}: a date is its own day, and a timestamp's day is a column beside the fields",
        )
    if is_day and {"slackDays", "floor"} & set(found):
        faults.add("eventTime", "slackDays and floor are read of a timestamp only")
    grain = faults.read_choice(found.get("grain", "day"), "eventTime.grain", GRAINS)
    bounds = {"slack_days": found.get("slackDays", SLACK_DAYS), "floor": found.get("floor", FLOOR)}
    return EventTime(field=field, column=column, grain=grain), None if is_day else bounds


def _read_columns(found: Any, place: str, rules: Mapping[str, Any], faults: Faults) -> tuple[str, ...]:
    names = faults.read_list(found, place)
    for name in names:
        if (
            not isinstance(name, str)
            or name not in rules
            or rules[name]["kind"] in ("json", "list", "record", "records", "strings", "float")
        ):
            faults.add(place, f"{name!r} is no field that a table can be clustered by")
    if len(names) > 4:
        faults.add(place, "a table is clustered by four columns at most")
    return tuple(names)


def _read_generator(found: Any, faults: Faults) -> Mapping[str, bool] | None:
    if found is not None and (
        not isinstance(found, Mapping) or set(found) != {"pepper"} or not isinstance(found["pepper"], bool)
    ):
        faults.add("generator", f"is {found!r}, must be {{pepper: true}} or {{pepper: false}}")
        return None
    return found


def _read_collection(found: Any, name: str, faults: Faults) -> str | None:
    if found is not None and (name != EXPORTED or not isinstance(found, str)):
        faults.add(
            "collection",
            f"only {EXPORTED} is exported from Firestore, by the name of its collection; drop files of other flows",
        )
        return None
    return found


EXPORTED = "sales"
"""The flow that `export_sales` knows."""
_TABLE = re.compile(r"(?:gold|silver)\.[a-z][a-z0-9_]*")


def _read_feeds(found: Any, faults: Faults) -> tuple[str, ...]:
    tables = faults.read_list(found, "feeds")
    for table in tables:
        if not isinstance(table, str) or not _TABLE.fullmatch(table):
            faults.add("feeds", f"{table!r} is no table of gold or silver, as gold.fct_refunds is")
    return tuple(tables)


def _make_contract(
    name: str,
    properties: Mapping[str, Any],
    table: Mapping[str, Any],
    fields: Mapping[str, Any],
    columns: Mapping[str, str],
    faults: Faults,
) -> dict[str, Any]:
    contract: dict[str, Any] = {"flow": name, "format": properties.get("format", "jsonl")}
    contract["evolution"] = {
        what: _EVOLUTION[faults.read_choice(properties.get(word, default), word, tuple(_EVOLUTION))]
        for what, word, default in (("new_field", "newFields", "rescue"), ("widened_type", "widenedTypes", "refuse"))
    }
    named = {"rewrite": "rewrite", "maxDeleted": "max_deleted", "dialect": "dialect"}
    contract |= {"columns": columns} if columns else {}
    contract |= {to: properties[word] for word, to in named.items() if word in properties}
    rules = {}
    for at, entry in enumerate(faults.read_list(table.get("quality"), "schema.quality")):
        rule = faults.read(entry, f"schema.quality[{at}]", RULE)
        if rule.get("type", "custom") != "custom" or rule.get("engine", "ripple") != "ripple":
            faults.add(f"schema.quality[{at}]", "type must be custom and engine ripple")
        called = faults.read_text(rule.get("name"), f"schema.quality[{at}].name")
        if called in rules:
            faults.add(f"schema.quality[{at}]", f"{called} stands there twice")
        rules[called] = rule.get("implementation")
    return contract | ({"rules": rules} if rules else {}) | {"fields": fields}
