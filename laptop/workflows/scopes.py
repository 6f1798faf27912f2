"""Variables of an execution: who sees which, who may change them, and how much memory they take."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from laptop.workflows.errors import tagged

MEMORY_BYTES = 512 * 1024
STRING_BYTES = 256 * 1024
STEPS = 100_000
_CELL_BYTES = 8


class Budget:
    """What one execution may use: 512 KB of variables, 100,000 steps. Going over raises ResourceLimitError."""

    def __init__(self) -> None:
        self.steps = 0
        self._bytes = 0

    def count_step(self) -> None:
        self.steps += 1
        if self.steps > STEPS:
            raise tagged("ResourceLimitError", f"the execution took more than {STEPS} steps")

    def change(self, difference: int) -> None:
        self._bytes += difference
        if difference > 0 and self._bytes > MEMORY_BYTES:
            raise tagged("ResourceLimitError", f"variables take {self._bytes} bytes, the limit is {MEMORY_BYTES}")


class VariableScope:
    """The variables of a (sub)workflow, loop, except block or parallel branch; inner scopes see the outer ones.

    `shared` is None for ordinary scopes; for a parallel branch it names the outer variables the branch may write.
    """

    def __init__(self, budget: Budget, outer: VariableScope | None = None, shared: Iterable[str] | None = None) -> None:
        self.budget = budget
        self._outer = outer
        self._shared = None if shared is None else frozenset(shared)
        self._values: dict[str, Any] = {}
        self._sizes: dict[str, int] = {}

    def __contains__(self, name: str) -> bool:
        return self._holder(name) is not None

    def read(self, name: str) -> Any:
        holder = self._holder(name)
        if holder is None:
            raise tagged("KeyError", f"variable not found: {name}")
        return holder._values[name]

    def write(self, name: str, value: Any) -> None:
        """Set the variable where it lives, or make it here."""
        holder = self._holder(name) or self
        if holder is not self:
            self._check_shared(name, holder)
        holder.declare(name, value)

    def declare(self, name: str, value: Any) -> None:
        """Set the variable in this very scope, hiding an outer one of the same name."""
        size = measure(value)
        self.budget.change(size - self._sizes.get(name, 0))
        self._sizes[name] = size
        self._values[name] = value

    def release(self) -> None:
        """Give the memory back: nothing refers to this scope any more."""
        self.budget.change(-sum(self._sizes.values()))
        self._sizes.clear()

    def _holder(self, name: str) -> VariableScope | None:
        scope: VariableScope | None = self
        while scope is not None and name not in scope._values:
            scope = scope._outer
        return scope

    def _check_shared(self, name: str, holder: VariableScope) -> None:
        scope = self
        while scope is not holder and scope._outer is not None:
            if scope._shared is not None and name not in scope._shared:
                raise tagged("ValueError", f"variable {name} is written in a parallel branch but not listed in shared")
            scope = scope._outer


def measure(value: Any) -> int:
    """Bytes a value takes. Raises ResourceLimitError for a string over 256 KB."""
    if isinstance(value, str | bytes):
        size = len(value.encode("utf-8", "replace")) if isinstance(value, str) else len(value)
        if isinstance(value, str) and size > STRING_BYTES:
            raise tagged("ResourceLimitError", f"a string takes {size} bytes, the limit is {STRING_BYTES}")
        return size
    if isinstance(value, list):
        return _CELL_BYTES + sum(measure(item) for item in value)
    if isinstance(value, dict):
        return _CELL_BYTES + sum(len(key) + measure(item) for key, item in value.items())
    return _CELL_BYTES
