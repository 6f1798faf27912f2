"""What all facts share, and how a payload is read: strictly, all that is wrong named together."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from ripple.errors import PermanentError
from ripple.wire.limits import TEXT_BYTES, is_name

Check = Callable[[Any], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What all events share: a type, a subject and a key that makes the id deterministic."""

    TYPE: ClassVar[str]
    NAMES: ClassVar[tuple[str, ...]] = ()
    """Fields that become part of a document's id, an object's name or a label."""

    @property
    def subject(self) -> str:
        raise NotImplementedError

    @property
    def key(self) -> str:
        return self.subject

    @property
    def id(self) -> str:
        return f"{self.TYPE}/{self.key}"

    def data(self) -> dict[str, Any]:
        """The payload, without fields that are None."""
        return {name: value for name, value in dataclasses.asdict(self).items() if value is not None}

    @classmethod
    def from_data(cls, data: object) -> Self:
        """Read a payload; unknown fields are ignored (an additive change), all wrong ones are named together."""
        if not isinstance(data, Mapping):
            raise PermanentError("event_malformed", f"the data of {cls.TYPE} is not a JSON object")
        fields = _fields_of(typing.cast(Hashable, cls))
        wrong = [name for name, takes, optional in fields if not _fits(data.get(name), takes, optional)]
        wrong += [name for name in cls.NAMES if name not in wrong and not is_name(data[name])]
        if wrong:
            raise PermanentError("event_malformed", f"{cls.TYPE}: wrong or missing: {', '.join(wrong)}", fields=wrong)
        return cls(**{name: _frozen(data[name]) for name, _, _ in fields if data.get(name) is not None})


@functools.cache
def _fields_of(fact: Any) -> tuple[tuple[str, Check, bool], ...]:
    """`(name, what it takes, whether it may be missing)` of each field."""
    hints = typing.get_type_hints(fact)
    return tuple((f.name, _check_of(hints[f.name]), f.default is None) for f in dataclasses.fields(fact))


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_int64(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value.encode("utf-8", "surrogatepass")) <= TEXT_BYTES


_PLAIN: Mapping[Any, Check] = {float: _is_number, int: _is_int64, str: _is_text}


def _fits(value: object, takes: Check, optional: bool) -> bool:
    return optional if value is None else takes(value)


def _check_of(hint: Any) -> Check:
    """What a field of this type takes; nothing in a list or a map is null."""
    if isinstance(hint, types.UnionType):
        hint = next(arm for arm in typing.get_args(hint) if arm is not types.NoneType)
    origin, arms = typing.get_origin(hint), typing.get_args(hint)
    if hint in _PLAIN:
        return _PLAIN[hint]
    if origin is Sequence:
        return _list_of(_check_of(arms[0]))
    if origin is Mapping:
        return _map_of(_check_of(arms[1]))
    return (lambda _value: True) if hint is Any else (lambda value: isinstance(value, hint))


def _list_of(takes: Check) -> Check:
    return lambda value: isinstance(value, list | tuple) and all(_fits(item, takes, False) for item in value)


def _map_of(takes: Check) -> Check:
    return lambda value: isinstance(value, Mapping) and all(_fits(item, takes, False) for item in value.values())
