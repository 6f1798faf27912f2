"""What all records of the state share: how one is read from a document and written to one. Pure.

Reading is strict, and what is wrong is named together. A field that a later release added has a default, so that a record of an
earlier release is read; a field that this release does not know is kept, and written back as it was.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import types
import typing
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from ripple.errors import PermanentError
from ripple.wire.events import Fact

R = TypeVar("R", bound="Record")
UNKNOWN = "unknown"
STORED_NULL = {"stored null": True}
"""Of a field: None is written as null, since queries compare it, or earlier releases expect the field to be there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One document, or a map in one. `unknown` are fields that a newer release wrote."""

    unknown: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


class MisfitError(ValueError):
    """A value that a field does not take. `reasons` are `(place within it, what is wrong)`."""

    def __init__(self, *reasons: tuple[str, str]) -> None:
        super().__init__("; ".join(f"{place} {what}".strip() for place, what in reasons))
        self.reasons = reasons

    def within(self, place: str) -> Iterator[tuple[str, str]]:
        """The reasons as whoever holds the value under `place` names them."""
        return ((f"{place}.{inner}" if inner else place, what) for inner, what in self.reasons)


class Shape(NamedTuple):
    """How values of a type go into a document and come out of it; both raise MisfitError for a value of another type."""

    read: Callable[[Any], Any]
    write: Callable[[Any], Any]


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
    for name, shape, is_required, _ in shapes.values():
        if name in document:
            try:
                found[name] = shape.read(document[name])
            except MisfitError as error:
                wrong += error.within(name)
        elif is_required:
            wrong.append((name, "is missing"))
    if wrong:
        raise MisfitError(*wrong)
    found[UNKNOWN] = {name: value for name, value in document.items() if name not in shapes}
    return kind(**found)


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
        one.name: FieldShape(one.name, _shape_of(hints[one.name]), is_required(one), one.metadata == STORED_NULL)
        for one in dataclasses.fields(kind)
        if one.name != UNKNOWN
    }


def is_required(one: dataclasses.Field[Any]) -> bool:
    """Whether every record has the field: the first release had it already."""
    return one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING


def _shape_of(hint: Any) -> Shape:
    origin, arms = typing.get_origin(hint), typing.get_args(hint)
    if hint in _PLAIN:
        return _checked(_PLAIN[hint], hint.__name__)
    if origin is typing.Literal:
        return _checked(lambda value: isinstance(value, str) and value in arms, f"one of {', '.join(arms)}")
    if origin in (types.UnionType, typing.Union):
        inner = _either([_shape_of(arm) for arm in arms if arm is not types.NoneType])
        return _optional(inner) if types.NoneType in arms else inner
    if hint is Any:
        return Shape(read=lambda value: value, write=lambda value: value)
    return _containing(hint, origin, arms)


def _containing(hint: Any, origin: Any, arms: tuple[Any, ...]) -> Shape:
    if origin is tuple:
        return _sequence(_shape_of(arms[0]))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(_shape_of(arms[1]))
    return _fact(hint) if issubclass(hint, Fact) else _nested(hint)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_PLAIN: Mapping[Any, Callable[[object], bool]] = {
    bool: lambda value: isinstance(value, bool),
    dt.datetime: lambda value: isinstance(value, dt.datetime),
    int: _is_integer,
    str: lambda value: isinstance(value, str),
}


def _checked(takes: Callable[[object], bool], name: str) -> Shape:
    def check(value: Any) -> Any:
        if not takes(value):
            raise MisfitError(("", f"is {value!r:.80}, not {name}"))
        return value

    return Shape(read=check, write=check)


def _either(arms: list[Shape]) -> Shape:
    """The first arm that takes the value; the first one's word stands for a value that none takes."""

    def attempt(side: str, value: Any) -> Any:
        refused: list[MisfitError] = []
        for arm in arms:
            try:
                return getattr(arm, side)(value)
            except MisfitError as error:
                refused.append(error)
        raise refused[0]

    return Shape(read=functools.partial(attempt, "read"), write=functools.partial(attempt, "write"))


def _optional(inner: Shape) -> Shape:
    return Shape(
        read=lambda value: None if value is None else inner.read(value),
        write=lambda value: None if value is None else inner.write(value),
    )


def _sequence(inner: Shape) -> Shape:
    def convert(side: Callable[[Any], Any], into: Callable[[Any], Any], value: Any) -> Any:
        if not isinstance(value, list | tuple):
            raise MisfitError(("", f"is {value!r:.80}, not a list"))
        return into([_inside(side, str(number), item) for number, item in enumerate(value)])

    return Shape(
        read=functools.partial(convert, inner.read, tuple), write=functools.partial(convert, inner.write, list)
    )


def _mapping(inner: Shape) -> Shape:
    def convert(side: Callable[[Any], Any], value: Any) -> Any:
        if not isinstance(value, Mapping):
            raise MisfitError(("", f"is {value!r:.80}, not a map"))
        return {name: _inside(side, str(name), item) for name, item in value.items()}

    return Shape(read=functools.partial(convert, inner.read), write=functools.partial(convert, inner.write))


def _inside(side: Callable[[Any], Any], place: str, value: Any) -> Any:
    try:
        return side(value)
    except MisfitError as error:
        raise MisfitError(*error.within(place)) from None


def _fact(kind: type[Fact]) -> Shape:
    def read(value: Any) -> Fact:
        try:
            return kind.from_data(value)
        except PermanentError as error:
            raise MisfitError(("", f"is no fact: {error.reason}")) from None

    return Shape(read=read, write=lambda fact: _expect(kind, fact).data())


def _nested(kind: type[Record]) -> Shape:
    return Shape(
        read=functools.partial(read_record, kind),
        write=lambda record: write_record(_expect(kind, record)),
    )


def _expect(kind: type[Any], value: Any) -> Any:
    if not isinstance(value, kind):
        raise MisfitError(("", f"is {value!r:.80}, not {kind.__name__}"))
    return value
