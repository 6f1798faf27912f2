"""The pure part of the standard library: functions of their arguments and nothing else."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from laptop.workflows.errors import tagged
from laptop.workflows.library import containers, encodings, texts, times, values

PURE: dict[str, Callable[..., Any]] = {
    **values.FUNCTIONS,
    **containers.FUNCTIONS,
    **texts.FUNCTIONS,
    **encodings.FUNCTIONS,
    **times.FUNCTIONS,
}


def call_bound(name: str, function: Callable[..., Any], positional: list[Any], named: dict[str, Any]) -> Any:
    """Call with a workflow's arguments; arguments that don't fit raise TypeError as the documentation tags it."""
    try:
        bound = inspect.signature(function).bind(*positional, **named)
    except TypeError as error:
        raise tagged("TypeError", f"{name}: {error}") from error
    return function(*bound.args, **bound.kwargs)
