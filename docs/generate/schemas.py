"""JSON Schemas of the events' data, from the classes."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any

from ripple.wire.events import Fact

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SCALARS: Mapping[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}


def describe_fact(fact: type[Fact], meanings: Mapping[str, str]) -> dict[str, Any]:
    """The schema of a fact's data. Unknown fields are allowed: adding one is no new version. KeyError for one without a meaning."""
    hints = typing.get_type_hints(fact)
    fields = dataclasses.fields(fact)
    return {
        "$schema": DIALECT,
        "$id": f"{fact.TYPE}.json",
        "title": fact.TYPE,
        "description": (fact.__doc__ or "").strip(),
        "type": "object",
        "required": [field.name for field in fields if field.default is dataclasses.MISSING],
        "properties": {
            field.name: {"description": meanings[field.name], **describe_type(hints[field.name])} for field in fields
        },
    }


def describe_type(hint: Any) -> dict[str, Any]:
    """The schema of a type hint; an optional field is left out of the data, so its null needs no mention."""
    if isinstance(hint, types.UnionType):
        return describe_type(next(arm for arm in typing.get_args(hint) if arm is not types.NoneType))
    arms = typing.get_args(hint)
    if typing.get_origin(hint) is Sequence:
        return {"type": "array", "items": describe_type(arms[0])}
    if typing.get_origin(hint) is Mapping:
        return (
            {"type": "object"} if arms[1] is Any else {"type": "object", "additionalProperties": describe_type(arms[1])}
        )
    return {"type": _SCALARS[hint]}


def name_type(schema: Mapping[str, Any]) -> str:
    """A schema in a word or two, for a table."""
    if schema["type"] == "array":
        return f"array of {name_type(schema['items'])}"
    return str(schema["type"])
