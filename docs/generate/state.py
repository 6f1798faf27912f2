"""`docs/state.md` and `docs/schemas/state/`: every collection, its fields, who writes and who reads it."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import json
import textwrap
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from docs.generate.schemas import DIALECT
from ripple.state.catalogue import STATE
from ripple.state.collection import VERSION_FIELD, Collection
from ripple.state.records import UNKNOWN, Record, is_required
from ripple.wire.events import Fact

TIMESTAMP = {
    "type": "object",
    "required": ["$timestamp"],
    "properties": {"$timestamp": {"type": "string", "format": "date-time"}},
}
"""A timestamp is native in Firestore; in JSON, and so in a schema, it is tagged."""
_NULL = {"type": "null"}
_SCALARS: Mapping[Any, str] = {str: "string", int: "integer", bool: "boolean"}
_HEAD = """# State

What the choreography remembers, in Firestore. Each collection has one record, in a module of its own in `ripple/state/`; nothing
else reads or writes its documents. A document of an earlier release is read by a later one: a field that was added has a default. A
change that earlier documents do not survive is a new version of the record, and the reader of the old one stays. `ripple plan` compares
the schemas of what is deployed with those of a checkout, and refuses one that could not read what is stored.

This page and `schemas/state/` are generated: `make docs`. Timestamps are Firestore's own; the schemas and the examples show them as
tagged JSON.

| collection | what a document is | written by | read by |
| --- | --- | --- | --- |
"""


def describe_versions(name: str) -> dict[str, dict[str, Any]]:
    """The schema of each version of a collection that is read, by `{name}.v{version}`."""
    kept = STATE[name]
    records = {version: earlier.record for version, earlier in kept.older.items()} | {kept.version: kept.record}
    return {f"{name}.v{version}": _describe_document(f"{name}.v{version}", records[version]) for version in records}


def _describe_document(title: str, record: type[Record]) -> dict[str, Any]:
    described = describe_record(record)
    described["properties"] |= {
        VERSION_FIELD: {"description": "Version of the record; 1 if it is absent.", "type": "integer"}
    }
    return {"$schema": DIALECT, "$id": f"{title}.json", "title": title, **described}


def describe_record(record: type[Record]) -> dict[str, Any]:
    """The schema of a document, or of a map in one. AssertionError for a field without a meaning."""
    hints, meanings = typing.get_type_hints(record), read_meanings(record)
    fields = [field for field in dataclasses.fields(record) if field.name != UNKNOWN]
    lacking = [field.name for field in fields if field.name not in meanings]
    assert not lacking, f"{record.__name__} does not say what is meant by {', '.join(lacking)}"
    return {
        "description": " ".join((record.__doc__ or "").split()),
        "type": "object",
        "required": [field.name for field in fields if is_required(field)],
        "properties": {
            field.name: {"description": meanings[field.name], **describe_hint(hints[field.name])} for field in fields
        },
    }


def read_meanings(record: type[Record]) -> dict[str, str]:
    """What stands below each field of a record."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(record))).body
    assert isinstance(definition, ast.ClassDef)
    found = {}
    for field, words in zip(definition.body, definition.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(words, ast.Expr):
            found[field.target.id] = " ".join(str(ast.literal_eval(words.value)).split())
    return found


def describe_hint(hint: Any) -> dict[str, Any]:
    """The schema of what a field holds."""
    origin, arms = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return {"anyOf": [_NULL if arm is types.NoneType else describe_hint(arm) for arm in arms]}
    if origin is typing.Literal:
        return {"type": "string", "enum": sorted(arms)}
    if origin is tuple:
        return {"type": "array", "items": describe_hint(arms[0])}
    if origin is not None:
        inner = {} if arms[1] is Any else {"additionalProperties": describe_hint(arms[1])}
        return {"type": "object", **inner}
    if hint in _SCALARS:
        return {"type": _SCALARS[hint]}
    return _describe_class(hint)


def _describe_class(hint: type[Any]) -> dict[str, Any]:
    if issubclass(hint, Fact):
        return {"$ref": f"../{hint.TYPE}.json"}
    return describe_record(hint) if issubclass(hint, Record) else dict(TIMESTAMP)


def name_shape(schema: Mapping[str, Any]) -> str:
    """A schema in a few words, for a table."""
    if "anyOf" in schema:
        return " or ".join(name_shape(arm) for arm in schema["anyOf"] if arm != _NULL)
    if "$ref" in schema:
        return f"data of `{schema['$ref'].removeprefix('../').removesuffix('.json')}`"
    if "$timestamp" in schema.get("properties", {}):
        return "timestamp"
    if schema["type"] == "array":
        return f"array of {name_shape(schema['items'])}"
    return str(schema["type"])


def write_state_page(examples: Mapping[str, Mapping[str, Any]]) -> str:
    """The page. `examples` are the golden documents, as tagged JSON, by `{name}.v{version}`."""
    rows = [_row(name, kept) for name, kept in STATE.items()]
    sections = ["\n" + "\n".join(_section(name, kept, examples)) + "\n" for name, kept in STATE.items()]
    return _HEAD + "".join([*rows, *sections])


def _row(name: str, kept: Collection[Any]) -> str:
    what = " ".join((kept.record.__doc__ or "").split()).split("; its id")[0].removesuffix(".")
    return f"| [`{name}`](#{name}) | {what} | {', '.join(kept.written_by)} | {', '.join(kept.read_by)} |\n"


def _section(name: str, kept: Collection[Any], examples: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    title = f"{name}.v{kept.version}"
    schema = describe_versions(name)[title]
    yield f"## {name}\n"
    yield f"{schema['description']} [Schema](schemas/state/{title}.json)\n"
    yield "| field | type | meaning |"
    yield "| --- | --- | --- |"
    yield from _fields(schema)
    yield "\n```json"
    yield json.dumps(examples[title], indent=1, sort_keys=True)
    yield "```"


def _fields(schema: Mapping[str, Any], place: str = "") -> Iterator[str]:
    for name, field in schema["properties"].items():
        optional = "" if name in schema["required"] else ", optional"
        words = " ".join([name_shape(field), *_words(field)])
        yield f"| `{place}{name}` | {words}{optional} | {field['description']} |"
        for inner in field.get("anyOf", [field]):
            if inner.get("properties") and "$timestamp" not in inner["properties"]:
                yield from _fields(inner, f"{place}{name}.")


def _words(schema: Mapping[str, Any]) -> Iterator[str]:
    if "enum" in schema:
        yield f"({', '.join(schema['enum'])})"
