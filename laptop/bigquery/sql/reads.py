"""Which arguments of a parsed expression a generator method reads: one that it does not read is refused, never dropped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sqlglot import exp

from laptop.bigquery.errors import unsupported

Method = TypeVar("Method", bound=Callable[..., str])
_NAMES = "arguments_read"


def reads(*names: str) -> Callable[[Method], Method]:
    """Mark a method as one that writes these arguments of its expression, or refuses them itself."""

    def mark(method: Method) -> Method:
        setattr(method, _NAMES, frozenset(names))
        return method

    return mark


def names_read(method: Any) -> frozenset[str] | None:
    """None for a method that says nothing: sqlglot's own, or one that refuses whatever comes."""
    found: frozenset[str] | None = getattr(method, _NAMES, None)
    return found


def refuse_unread(expression: exp.Expr, method: Any) -> None:
    """Raises ApiError for an argument that is set and that its method does not read: a flag of a newer parser, mostly."""
    read = names_read(method)
    if read is None:
        return
    unread = [name for name, value in expression.args.items() if _says_something(value) and name not in read]
    if unread:
        raise unsupported(f"{expression.key.upper()} with {', '.join(unread)}: {expression.sql('bigquery')[:100]}")


def _says_something(value: Any) -> bool:
    return value is not None and value is not False and value != []
