"""Functions without a prefix, and `math.*`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from laptop.workflows.errors import tagged
from laptop.workflows.operators import as_boolean, in_64_bits, is_number, type_name


def choose(condition: Any, if_true: Any, if_false: Any) -> Any:
    return if_true if as_boolean(condition, "if") else if_false


def default(value: Any, default_value: Any) -> Any:
    return default_value if value is None else value


def as_integer(value: Any) -> int:
    if type(value) not in (int, float, str):
        raise tagged("TypeError", f"int needs a string or a number, got {type_name(value)}")
    try:
        return int(in_64_bits(int(_digits(value))))
    except (ValueError, OverflowError) as error:
        raise tagged("ValueError", f"not an integer: {value!r}") from error


def as_double(value: Any) -> float:
    if type(value) not in (int, float, str):
        raise tagged("TypeError", f"double needs a string or a number, got {type_name(value)}")
    try:
        return float(_digits(value))
    except ValueError as error:
        raise tagged("ValueError", f"not a double: {value!r}") from error


def _digits(value: Any) -> Any:
    """`value`, unless it is text with `_`: Python reads `1_000` as a number, Workflows does not."""
    if isinstance(value, str) and "_" in value:
        raise ValueError(value)
    return value


def as_string(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) or is_number(value):
        return str(value)
    raise tagged("TypeError", f"string needs a string, number or boolean, got {type_name(value)}")


def length(value: Any) -> int:
    if not isinstance(value, str | bytes | list | dict):
        raise tagged("TypeError", f"len needs a string, list or map, got {type_name(value)}")
    return len(value)


def absolute(value: Any) -> Any:
    return in_64_bits(abs(_number("math.abs", value)))


def floor(value: Any) -> int:
    return int(in_64_bits(math.floor(_number("math.floor", value))))


def largest(value1: Any, value2: Any) -> Any:
    return max(_number("math.max", value1), _number("math.max", value2))


def smallest(value1: Any, value2: Any) -> Any:
    return min(_number("math.min", value1), _number("math.min", value2))


def _number(function: str, value: Any) -> Any:
    if not is_number(value):
        raise tagged("TypeError", f"{function} needs a number, got {type_name(value)}")
    return value


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "if": choose,
    "default": default,
    "int": as_integer,
    "double": as_double,
    "string": as_string,
    "len": length,
    "get_type": type_name,
    "math.abs": absolute,
    "math.floor": floor,
    "math.max": largest,
    "math.min": smallest,
}
