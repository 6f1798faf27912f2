"""Field paths such as ``a.`tax.rate`.c``: parsing, reading, setting and deleting inside a document's fields."""

from __future__ import annotations

import re
from collections.abc import Iterable

from laptop.firestore.errors import refuse_argument
from laptop.firestore.messages import Document, Pb

FieldPath = tuple[str, ...]

NAME: FieldPath = ("__name__",)
_SEGMENT = re.compile(r"`((?:[^`\\]|\\.)+)`|([^.`\\]+)")


def parse(text: str) -> FieldPath:
    """Raises INVALID_ARGUMENT for an empty segment or an open quote."""
    found: list[str] = []
    at = 0
    while match := _SEGMENT.match(text, at):
        quoted, plain = match.groups()
        found.append(plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
        at = match.end() + 1
        if match.end() == len(text):
            return tuple(found)
        if text[match.end()] != ".":
            break
    raise refuse_argument(f"{text!r} is not a field path")


def read(fields: Pb, path: FieldPath) -> Pb | None:
    """The value at `path`, None where there is none. Never creates what it looks for."""
    for step in path[:-1]:
        if step not in fields:
            return None
        fields = fields[step].map_value.fields
    return fields.get(path[-1])


def write(fields: Pb, path: FieldPath, value: Pb) -> None:
    """Set `path`, making maps on the way; what was no map there is replaced by one."""
    for step in path[:-1]:
        holder = fields[step]
        if holder.WhichOneof("value_type") != "map_value":
            holder.map_value.SetInParent()
        fields = holder.map_value.fields
    fields[path[-1]].CopyFrom(value)


def erase(fields: Pb, path: FieldPath) -> None:
    """Delete `path` if it is there."""
    for step in path[:-1]:
        if step not in fields:
            return
        fields = fields[step].map_value.fields
    fields.pop(path[-1], None)


def project(document: Pb, paths: Iterable[FieldPath]) -> Pb:
    """A copy of `document` that holds only `paths`."""
    kept = Document(name=document.name, create_time=document.create_time, update_time=document.update_time)
    for path in paths:
        value = read(document.fields, path)
        if value is not None:
            write(kept.fields, path, value)
    return kept
