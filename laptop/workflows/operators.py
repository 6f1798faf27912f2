"""What the operators of the expression language do, with their type rules."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from laptop.workflows.errors import WorkflowError, tagged

_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TYPES = {bool: "boolean", int: "integer", float: "double", str: "string", bytes: "bytes", list: "list", dict: "map"}


def type_name(value: Any) -> str:
    """The documented name of a value's type, as `get_type` answers it."""
    return "null" if value is None else _TYPES.get(type(value), "function")


def is_number(value: Any) -> bool:
    return type(value) in (int, float)


def apply_binary(sign: str, left: Any, right: Any) -> Any:
    """`left sign right`. Raises TypeError, ZeroDivisionError or ValueError (64 bit overflow) as workflow errors."""
    if sign in _ORDER:
        return _compare(sign, left, right)
    if sign in ("==", "!="):
        return are_equal(left, right) == (sign == "==")
    if sign == "in":
        return _contains(left, right)
    return _calculate(sign, left, right)


def apply_unary(sign: str, value: Any) -> Any:
    """`-value` or `not value`."""
    if sign == "not":
        return not as_boolean(value, "not")
    if not is_number(value):
        raise tagged("TypeError", f"unary - needs a number, got {type_name(value)}")
    return in_64_bits(-value)


def as_boolean(value: Any, what: str) -> bool:
    if not isinstance(value, bool):
        raise tagged("TypeError", f"{what} needs a boolean, got {type_name(value)}")
    return value


def are_equal(left: Any, right: Any) -> bool:
    """Equality over all types: 1 equals 1.0, true never equals 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(are_equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(are_equal(left[key], right[key]) for key in left)
    return bool(left == right)


def in_64_bits(value: Any) -> Any:
    if type(value) is int and not -(2**63) <= value < 2**63:
        raise tagged("ValueError", f"integer overflow: {value} is out of 64 bits")
    return value


def _compare(sign: str, left: Any, right: Any) -> bool:
    if is_number(left) and is_number(right):
        return _ORDER[sign](left, right)
    if type(left) is type(right) and isinstance(left, str | bytes):
        return _ORDER[sign](left, right)
    raise _unsupported(sign, left, right)


def _contains(item: Any, container: Any) -> bool:
    if isinstance(container, dict):
        return isinstance(item, str) and item in container
    if isinstance(container, list):
        return any(are_equal(item, each) for each in container)
    raise tagged("TypeError", f"in needs a list or a map, got {type_name(container)}")


def _calculate(sign: str, left: Any, right: Any) -> Any:
    if sign == "+" and isinstance(left, str) and isinstance(right, str):
        return left + right
    if not (is_number(left) and is_number(right)):
        raise _unsupported(sign, left, right)
    if sign in ("/", "//", "%") and right == 0:
        raise tagged("ZeroDivisionError", "division by zero")
    try:
        return in_64_bits(_ARITHMETIC[sign](left, right))
    except OverflowError as error:
        raise tagged("ValueError", f"double overflow in {sign}") from error


def _unsupported(sign: str, left: Any, right: Any) -> WorkflowError:
    return tagged("TypeError", f"unsupported operand types for {sign}: {type_name(left)} and {type_name(right)}")
