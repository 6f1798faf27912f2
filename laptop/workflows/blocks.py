"""Loops and parallel blocks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from laptop.workflows.errors import WorkflowError, tagged
from laptop.workflows.operators import is_number, type_name
from laptop.workflows.scopes import VariableScope

if TYPE_CHECKING:
    from laptop.workflows.interpreter import Machine, Outcome

PARALLEL_DEPTH = 2
CONCURRENT = 20
Block = Mapping[str, Any]


async def run_for(machine: Machine, loop: Block, scope: VariableScope) -> Outcome:
    """Run the steps once per element; variables first set inside live for one iteration."""
    for index, value in enumerate(await _elements(machine, loop, scope)):
        outcome = await _iterate(machine, loop, index, value, VariableScope(machine.budget, outer=scope))
        target = getattr(outcome, "target", None)
        if target == "break":
            break
        if outcome is not None and target != "continue":
            return outcome
    return None


async def _iterate(machine: Machine, loop: Block, index: int, value: Any, scope: VariableScope) -> Outcome:
    scope.declare(loop["value"], value)
    if "index" in loop:
        scope.declare(loop["index"], index)
    try:
        return await machine.run_steps(loop["steps"], scope)
    finally:
        scope.release()


async def _elements(machine: Machine, loop: Block, scope: VariableScope) -> list[Any]:
    if "range" in loop:
        return _count(await machine.value(loop["range"], scope))
    elements = await machine.value(loop["in"], scope)
    if not isinstance(elements, list):
        raise tagged("TypeError", f"for needs a list, got {type_name(elements)}")
    return elements


def _count(bounds: Any) -> list[Any]:
    if not isinstance(bounds, list) or len(bounds) != 2 or not all(map(is_number, bounds)):
        raise tagged("TypeError", "range needs a list of two numbers")
    begin, end = bounds
    steps = int(end - begin) + 1 if end >= begin else 0
    if steps > 100_000:
        raise tagged("ResourceLimitError", f"range of {steps} iterations")
    return [begin + offset for offset in range(steps)]


async def run_parallel(machine: Machine, block: Block, scope: VariableScope) -> None:
    """Run branches or iterations at once; all are waited for, then failures raise UnhandledBranchError."""
    if machine.parallel_depth >= PARALLEL_DEPTH:
        raise tagged("ParallelNestingError", f"parallel steps nest deeper than {PARALLEL_DEPTH}")
    gate = asyncio.Semaphore(min(CONCURRENT, await machine.value(block.get("concurrency_limit", CONCURRENT), scope)))
    machine.parallel_depth += 1
    try:
        jobs = await _jobs(machine, block, scope)
        failures = await asyncio.gather(*(_run_gated(gate, name, job) for name, job in jobs))
    finally:
        machine.parallel_depth -= 1
    failed = [failure for failure in failures if failure is not None]
    if failed:
        message = "UnhandledBranchError: One or more branches or iterations encountered an unhandled runtime error"
        raise tagged("UnhandledBranchError", message, branches=failed, truncated=False)


Job = tuple[str, Callable[[], Awaitable[Any]]]


async def _jobs(machine: Machine, block: Block, scope: VariableScope) -> list[Job]:
    def branch(steps: Any) -> Callable[[], Awaitable[Any]]:
        return lambda: machine.run_steps(steps, _inner(machine, block, scope))

    def iteration(index: int, value: Any) -> Callable[[], Awaitable[Any]]:
        return lambda: _iterate(machine, block["for"], index, value, _inner(machine, block, scope))

    if "branches" in block:
        named = [next(iter(each.items())) for each in block["branches"]]
        return [(name, branch(body["steps"])) for name, body in named]
    elements = await _elements(machine, block["for"], scope)
    return [(str(index), iteration(index, value)) for index, value in enumerate(elements)]


def _inner(machine: Machine, block: Block, scope: VariableScope) -> VariableScope:
    return VariableScope(machine.budget, outer=scope, shared=block.get("shared", []))


async def _run_gated(gate: asyncio.Semaphore, name: str, job: Callable[[], Awaitable[Any]]) -> dict[str, Any] | None:
    async with gate:
        try:
            await job()
        except WorkflowError as error:
            return {"id": name, "error": error.value}
    return None
