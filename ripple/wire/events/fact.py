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
        hints = _hints_of(typing.cast(Hashable, cls))
        fields = dataclasses.fields(cls)
        wrong = [f.name for f in fields if not _fits(data.get(f.name), hints[f.name], _is_optional(f))]
        wrong += [name for name in cls.NAMES if name not in wrong and not is_name(data[name])]
        if wrong:
            raise PermanentError("event_malformed", f"{cls.TYPE}: wrong or missing: {', '.join(wrong)}", fields=wrong)
        return cls(**{f.name: _frozen(data[f.name]) for f in fields if data.get(f.name) is not None})


@functools.cache
def _hints_of(fact: Hashable) -> Mapping[str, Any]:
    return typing.get_type_hints(fact)


def _is_optional(field: dataclasses.Field[Any]) -> bool:
    return field.default is None


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_int64(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value.encode("utf-8", "surrogatepass")) <= TEXT_BYTES


_PLAIN: Mapping[Any, Callable[[object], bool]] = {float: _is_number, int: _is_int64, str: _is_text}


def _fits(value: object, hint: Any, optional: bool) -> bool:
    if value is None:
        return optional
    if isinstance(hint, types.UnionType):
        hint = next(arm for arm in typing.get_args(hint) if arm is not type(None))
    if hint in _PLAIN:
        return _PLAIN[hint](value)
    origin, arms = typing.get_origin(hint), typing.get_args(hint)
    if origin is Sequence:
        return isinstance(value, list | tuple) and all(_fits(item, arms[0], False) for item in value)
    if origin is Mapping:
        return isinstance(value, Mapping) and all(_fits(item, arms[1], False) for item in value.values())
    return hint is Any or isinstance(value, hint)
