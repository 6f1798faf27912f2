"""Field transforms: server time, increments, extremes and array sets."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from laptop.firestore import field_paths
from laptop.firestore.errors import refuse_argument
from laptop.firestore.messages import Pb, Value, timestamp
from laptop.firestore.ordering import NUMBER_RANK, key_of

_MOST, _LEAST = 2**63 - 1, -(2**63)
_REQUEST_TIME = 1


def apply_transforms(fields: Pb, transforms: Pb, time: int) -> list[Pb]:
    """Change `fields` in place; returns the result that the client gets of each transform. `time` in microseconds."""
    return [_apply_one(fields, transform, time) for transform in transforms]


def _apply_one(fields: Pb, transform: Pb, time: int) -> Pb:
    path = field_paths.parse(transform.field_path)
    kind = transform.WhichOneof("transform_type")
    old = field_paths.read(fields, path)
    if kind == "set_to_server_value":
        if transform.set_to_server_value != _REQUEST_TIME:
            raise refuse_argument("the only server value is REQUEST_TIME")
        new = result = Value(timestamp_value=timestamp(time))
    elif kind in _ARRAYS:
        new, result = _ARRAYS[kind](old, getattr(transform, kind)), Value(null_value=0)
    elif kind in _NUMBERS:
        new = result = _copy(_NUMBERS[kind](old, _number(getattr(transform, kind))))
    else:
        raise refuse_argument("a field transform is empty")
    field_paths.write(fields, path, new)
    return result


def _copy(value: Pb) -> Pb:
    """Detached from the document: what is written there must not be what is read."""
    copied = Value()
    copied.CopyFrom(value)
    return copied


def _number(operand: Pb) -> Pb:
    if key_of(operand)[0] != NUMBER_RANK:
        raise refuse_argument("increment, maximum and minimum take a number")
    return operand


def _is_number(value: Pb | None) -> bool:
    return value is not None and key_of(value)[0] == NUMBER_RANK


def _increment(old: Pb | None, operand: Pb) -> Pb:
    """Integers stay within 64 bits; one double makes the result a double."""
    if old is None or not _is_number(old):
        return operand
    kinds = {old.WhichOneof("value_type"), operand.WhichOneof("value_type")}
    if kinds == {"integer_value"}:
        return Value(integer_value=max(_LEAST, min(_MOST, old.integer_value + operand.integer_value)))
    return Value(double_value=_float(old) + _float(operand))


def _float(value: Pb) -> float:
    return float(getattr(value, value.WhichOneof("value_type")))


def _maximum(old: Pb | None, operand: Pb) -> Pb:
    return old if _is_number(old) and key_of(old) >= key_of(operand) else operand


def _minimum(old: Pb | None, operand: Pb) -> Pb:
    return old if _is_number(old) and key_of(old) <= key_of(operand) else operand


def _append_missing(old: Pb | None, operand: Pb) -> Pb:
    kept = _elements(old)
    known = set(map(key_of, kept))
    for element in operand.values:
        if key_of(element) not in known:
            known.add(key_of(element))
            kept.append(element)
    return _array(kept)


def _remove_all(old: Pb | None, operand: Pb) -> Pb:
    unwanted = set(map(key_of, operand.values))
    return _array([element for element in _elements(old) if key_of(element) not in unwanted])


def _elements(value: Pb | None) -> list[Pb]:
    return [] if value is None else list(value.array_value.values)


def _array(elements: list[Pb]) -> Pb:
    value = Value()
    value.array_value.SetInParent()
    value.array_value.values.extend(elements)
    return value


_ARRAYS: Mapping[str, Callable[[Pb | None, Pb], Pb]] = {
    "append_missing_elements": _append_missing,
    "remove_all_from_array": _remove_all,
}
_NUMBERS: Mapping[str, Callable[[Pb | None, Pb], Pb]] = {
    "increment": _increment,
    "maximum": _maximum,
    "minimum": _minimum,
}
