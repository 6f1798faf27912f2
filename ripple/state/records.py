"""What all records of the state share: how one is read from a document and written to one. Pure.

Reading is strict, and what is wrong is named together. A field that a later release added has a default, so that a record of an
earlier release is read; a field that this release does not know is kept, and written back as it was.
"""

from __future__ import annotations

import dataclasses
import functools
import typing
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from ripple.state.shapes import MisfitError, Shape, expect, shape_of

R = TypeVar("R", bound="Record")
UNKNOWN = "unknown"
_ABSENT = object()
STORED_NULL = {"stored null": True}
"""Of a field: None is written as null, since queries compare it, or earlier releases expect the field to be there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One document, or a map in one. `unknown` are fields that a newer release wrote."""

    unknown: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


class FieldShape(NamedTuple):
    """A field of a record: what it holds, whether a document may lack it, and whether None is written as null."""

    name: str
    shape: Shape
    is_required: bool
    stores_null: bool


def read_record(kind: type[R], document: Any) -> R:
    """The record in a document or map; MisfitError names all that is wrong or missing."""
    if not isinstance(document, Mapping):
        raise MisfitError(("", f"is {document!r:.80}, not a map"))
    shapes = shapes_of(kind)
    found: dict[str, Any] = {}
    wrong: list[tuple[str, str]] = []
    for one in shapes.values():
        value = document.get(one.name, _ABSENT)
        if type(value) in one.shape.plain:
            found[one.name] = value
        else:
            wrong += _read_field(one, value, found)
    if wrong:
        raise MisfitError(*wrong)
    if len(found) < len(document):
        found[UNKNOWN] = {name: value for name, value in document.items() if name not in shapes}
    return kind(**found)


def _read_field(one: FieldShape, value: Any, found: dict[str, Any]) -> Iterable[tuple[str, str]]:
    """Put the value among what was found; what is wrong with it, if anything is."""
    if value is _ABSENT:
        return [(one.name, "is missing")] if one.is_required else ()
    try:
        found[one.name] = one.shape.read(value)
    except MisfitError as error:
        return error.within(one.name)
    return ()


def write_record(record: Record) -> dict[str, Any]:
    """The fields of a document or map. None is left out, unless the field is stored null."""
    written = dict(record.unknown)
    for name, shape, _, stores_null in shapes_of(type(record)).values():
        value = getattr(record, name)
        if value is not None or stores_null:
            written[name] = _write(name, shape, value)
    return written


def write_fields(kind: type[Record], fields: Mapping[str, object]) -> dict[str, Any]:
    """Some fields of a record as they are stored; TypeError for one that the record does not have, or does not take."""
    shapes = shapes_of(kind)
    strange = ", ".join(sorted(fields.keys() - shapes.keys()))
    if strange:
        raise TypeError(f"{kind.__name__} has no field {strange}")
    return {name: _write(name, shapes[name].shape, value) for name, value in fields.items()}


def _write(name: str, shape: Shape, value: Any) -> Any:
    try:
        return shape.write(value)
    except MisfitError as error:
        raise TypeError(str(MisfitError(*error.within(name)))) from None


def shapes_of(kind: type[Record]) -> Mapping[str, FieldShape]:
    """The fields of a record, by name."""
    return _compile(typing.cast(Hashable, kind))


@functools.cache
def _compile(kind: Any) -> Mapping[str, FieldShape]:
    hints = typing.get_type_hints(kind)
    return {
        one.name: FieldShape(
            name=one.name,
            shape=shape_of(hints[one.name], _nested),
            is_required=is_required(one),
            stores_null=one.metadata == STORED_NULL,
        )
        for one in dataclasses.fields(kind)
        if one.name != UNKNOWN
    }


def is_required(one: dataclasses.Field[Any]) -> bool:
    """Whether every record has the field: the first release had it already."""
    return one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING


def _nested(kind: type[Record]) -> Shape:
    return Shape(
        read=functools.partial(read_record, kind),
        write=lambda record: write_record(expect(kind, record)),
    )
