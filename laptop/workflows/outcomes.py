"""How a step ends, and what loops and parallel blocks ask of whoever runs their steps."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from laptop.workflows.scopes import Budget, VariableScope

Step = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    """Leave the current list of steps for the step named `target`, or `break`, `continue`, `end`."""

    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """Leave the (sub)workflow with a value."""

    value: Any


Outcome: TypeAlias = Jump | Return | None


class StepRunner(Protocol):
    """Runs lists of steps; `parallel_depth` counts the parallel blocks around them."""

    budget: Budget
    parallel_depth: int

    def nest(self) -> StepRunner:
        """A runner for the branches of a parallel block: one block deeper."""

    def run_steps(self, steps: list[Mapping[str, Step]], scope: VariableScope) -> Awaitable[Outcome]: ...

    def value(self, given: Any, scope: VariableScope) -> Awaitable[Any]: ...
