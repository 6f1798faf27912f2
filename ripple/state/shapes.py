"""What a field of a record may hold, by its type: how a value comes out of a document, and how it goes into one. Pure."""

from __future__ import annotations

import datetime as dt
import functools
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from ripple.errors import PermanentError
from ripple.wire.events import Fact


class MisfitError(ValueError):
    """A value that a field does not take. `reasons` are `(place within it, what is wrong)`."""

    def __init__(self, *reasons: tuple[str, str]) -> None:
        super().__init__("; ".join(f"{place} {what}".strip() for place, what in reasons))
        self.reasons = reasons

    def within(self, place: str) -> Iterator[tuple[str, str]]:
        """The reasons as whoever holds the value under `place` names them."""
        return ((f"{place}.{inner}" if inner else place, what) for inner, what in self.reasons)


class Shape(NamedTuple):
    """How values of a type go into a document and come out of it; both raise MisfitError for a value of another type.

    Values of exactly the types in `plain` are taken as they are: most are, and asking that is fastest.
    """

    read: Callable[[Any], Any]
    write: Callable[[Any], Any]
    plain: frozenset[type] = frozenset()


def shape_of(hint: Any, nested: Callable[[Any], Shape]) -> Shape:
    """The shape of a type hint; `nested` makes that of a record within a record."""
    origin, arms = typing.get_origin(hint), typing.get_args(hint)
    if hint in _PLAIN:
        return _checked(_PLAIN[hint], hint.__name__, hint)
    if origin is typing.Literal:
        return _checked(lambda value: isinstance(value, str) and value in arms, f"one of {', '.join(arms)}")
    if origin in (types.UnionType, typing.Union):
        inner = [shape_of(arm, nested) for arm in arms if arm is not types.NoneType]
        one = inner[0] if len(inner) == 1 else _either(inner)
        return _optional(one) if types.NoneType in arms else one
    if origin is tuple:
        return _sequence(shape_of(arms[0], nested))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        # What a map of anything holds is not looked at.
        return _ANY_MAP if arms[1] is Any else _mapping(shape_of(arms[1], nested))
    return _fact(hint) if issubclass(hint, Fact) else nested(hint)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_PLAIN: Mapping[Any, Callable[[object], bool]] = {
    bool: lambda value: isinstance(value, bool),
    dt.datetime: lambda value: isinstance(value, dt.datetime),
    int: _is_integer,
    str: lambda value: isinstance(value, str),
}


def _checked(takes: Callable[[object], bool], name: str, *plain: type) -> Shape:
    def check(value: Any) -> Any:
        if not takes(value):
            raise MisfitError(("", f"is {value!r:.80}, not {name}"))
        return value

    return Shape(read=check, write=check, plain=frozenset(plain))


_ANY_MAP = _checked(lambda value: isinstance(value, Mapping), "a map", dict)


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
        plain=inner.plain | {types.NoneType},
    )


def _sequence(inner: Shape) -> Shape:
    def convert(side: Callable[[Any], Any], value: Any) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise MisfitError(("", f"is {value!r:.80}, not a list"))
        plain = inner.plain
        return [item if type(item) in plain else _inside(side, str(number), item) for number, item in enumerate(value)]

    return Shape(
        read=lambda value: tuple(convert(inner.read, value)),
        write=lambda value: convert(inner.write, value),
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

    return Shape(read=read, write=lambda fact: expect(kind, fact).data())


def expect(kind: type[Any], value: Any) -> Any:
    """The value; MisfitError unless it is of that class."""
    if not isinstance(value, kind):
        raise MisfitError(("", f"is {value!r:.80}, not {kind.__name__}"))
    return value
