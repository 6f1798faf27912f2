"""Loops and parallel blocks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from laptop.workflows.errors import WorkflowError, tagged
from laptop.workflows.operators import is_number, type_name
from laptop.workflows.outcomes import Jump, Outcome, StepRunner
from laptop.workflows.scopes import VariableScope

PARALLEL_DEPTH = 2
CONCURRENT = 20
Block = Mapping[str, Any]


async def run_for(runner: StepRunner, loop: Block, scope: VariableScope) -> Outcome:
    """Run the steps once per element; variables first set inside live for one iteration."""
    for index, value in enumerate(await _elements(runner, loop, scope)):
        outcome = await _iterate(runner, loop, index, value, VariableScope(runner.budget, outer=scope))
        target = outcome.target if isinstance(outcome, Jump) else ""
        if target == "break":
            break
        if outcome is not None and target != "continue":
            return outcome
    return None


async def _iterate(runner: StepRunner, loop: Block, index: int, value: Any, scope: VariableScope) -> Outcome:
    scope.declare(loop["value"], value)
    if "index" in loop:
        scope.declare(loop["index"], index)
    try:
        return await runner.run_steps(loop["steps"], scope)
    finally:
        scope.release()


async def _elements(runner: StepRunner, loop: Block, scope: VariableScope) -> list[Any]:
    if "range" in loop:
        return _count(await runner.value(loop["range"], scope))
    elements = await runner.value(loop["in"], scope)
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


async def run_parallel(runner: StepRunner, block: Block, scope: VariableScope) -> None:
    """Run branches or iterations at once; all are waited for, then failures raise UnhandledBranchError."""
    if runner.parallel_depth >= PARALLEL_DEPTH:
        raise tagged("ParallelNestingError", f"parallel steps nest deeper than {PARALLEL_DEPTH}")
    gate = asyncio.Semaphore(min(CONCURRENT, await _limit(runner, block, scope)))
    jobs = await _jobs(runner.nest(), block, scope)
    failures = await asyncio.gather(*(_run_gated(gate, name, job) for name, job in jobs))
    failed = [failure for failure in failures if failure is not None]
    if failed:
        message = "UnhandledBranchError: One or more branches or iterations encountered an unhandled runtime error"
        raise tagged("UnhandledBranchError", message, branches=failed, truncated=False)


async def _limit(runner: StepRunner, block: Block, scope: VariableScope) -> int:
    limit = await runner.value(block.get("concurrency_limit", CONCURRENT), scope)
    if type(limit) is not int:
        raise tagged("TypeError", f"concurrency_limit is a positive integer, got {type_name(limit)}")
    if limit < 1:
        raise tagged("ValueError", f"concurrency_limit is a positive integer, got {limit}")
    return limit


Job = tuple[str, Callable[[], Awaitable[Any]]]


async def _jobs(runner: StepRunner, block: Block, scope: VariableScope) -> list[Job]:
    def branch(steps: Any) -> Callable[[], Awaitable[Any]]:
        return lambda: _run_branch(runner, steps, _inner(runner, block, scope))

    def iteration(index: int, value: Any) -> Callable[[], Awaitable[Any]]:
        return lambda: _iterate(runner, block["for"], index, value, _inner(runner, block, scope))

    if "branches" in block:
        named = [next(iter(each.items())) for each in block["branches"]]
        return [(name, branch(body["steps"])) for name, body in named]
    elements = await _elements(runner, block["for"], scope)
    return [(str(index), iteration(index, value)) for index, value in enumerate(elements)]


async def _run_branch(runner: StepRunner, steps: Any, scope: VariableScope) -> None:
    try:
        await runner.run_steps(steps, scope)
    finally:
        scope.release()


def _inner(runner: StepRunner, block: Block, scope: VariableScope) -> VariableScope:
    return VariableScope(runner.budget, outer=scope, shared=block.get("shared", []))


async def _run_gated(gate: asyncio.Semaphore, name: str, job: Callable[[], Awaitable[Any]]) -> dict[str, Any] | None:
    async with gate:
        try:
            await job()
        except WorkflowError as error:
            return {"id": name, "error": error.value}
    return None
