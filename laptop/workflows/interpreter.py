"""Run the steps of a workflow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from laptop.workflows import blocks
from laptop.workflows.environment import ExecutionEnvironment
from laptop.workflows.errors import WorkflowError, tagged
from laptop.workflows.evaluation import FunctionName, assign, evaluate_value
from laptop.workflows.functions import StandardLibrary, find_constant
from laptop.workflows.operators import as_boolean
from laptop.workflows.outcomes import Jump, Outcome, Return, Step
from laptop.workflows.retries import read_policy
from laptop.workflows.scopes import Budget, VariableScope

CALL_DEPTH = 20


async def run_workflow(source: Mapping[str, Any], argument: Any, surroundings: ExecutionEnvironment) -> Any:
    """The value `main` returns, null if it ends without one. Raises WorkflowError when the execution fails."""
    machine = Machine(source=source, surroundings=surroundings, budget=Budget(), depth=0)
    params = source["main"].get("params", [])
    return await machine.run_subworkflow("main", [argument] if params else [], {})


class Machine:
    """Runs the steps of one (sub)workflow call; each call of a subworkflow is a machine one level deeper."""

    def __init__(
        self,
        *,
        source: Mapping[str, Any],
        surroundings: ExecutionEnvironment,
        budget: Budget,
        depth: int,
        parallel_depth: int = 0,
    ) -> None:
        self.source = source
        self.surroundings = surroundings
        self.budget = budget
        self.depth = depth
        self.parallel_depth = parallel_depth
        self._library = StandardLibrary(surroundings)

    def constant(self, name: str) -> Any:
        return FunctionName(name=name) if name in self.source else find_constant(name)

    async def invoke(self, name: str, arguments: list[Any]) -> Any:
        return await self.call(name, arguments, {})

    async def call(self, name: str, positional: list[Any], named: dict[str, Any]) -> Any:
        """Call a subworkflow or a function of the library."""
        if name not in self.source:
            return await self._library.call(name, positional, named)
        if self.depth + 1 >= CALL_DEPTH:
            raise tagged("RecursionError", f"call depth over {CALL_DEPTH} in {name}")
        return await self._deepen(calls=1, blocks=0).run_subworkflow(name, positional, named)

    def nest(self) -> Machine:
        """The machine of a branch: branches run at once, so each counts its own depth."""
        return self._deepen(calls=0, blocks=1)

    def _deepen(self, *, calls: int, blocks: int) -> Machine:
        return Machine(
            source=self.source,
            surroundings=self.surroundings,
            budget=self.budget,
            depth=self.depth + calls,
            parallel_depth=self.parallel_depth + blocks,
        )

    async def run_subworkflow(self, name: str, positional: list[Any], named: dict[str, Any]) -> Any:
        scope = VariableScope(self.budget)
        for variable, value in bind_parameters(name, self.source[name].get("params", []), positional, named).items():
            scope.declare(variable, value)
        try:
            outcome = await self.run_steps(self.source[name]["steps"], scope)
        finally:
            scope.release()
        return outcome.value if isinstance(outcome, Return) else None

    async def run_steps(self, steps: list[Mapping[str, Step]], scope: VariableScope) -> Outcome:
        """Run a list of steps; jumps to one of them are followed here, others are handed up."""
        places = {next(iter(step)): place for place, step in enumerate(steps)}
        place = 0
        while place < len(steps):
            self.budget.count_step()
            outcome = await self.run_step(next(iter(steps[place].values())), scope)
            if isinstance(outcome, Jump) and outcome.target in places:
                place = places[outcome.target]
            elif isinstance(outcome, Jump) and outcome.target == "end":
                return Return(value=None)
            elif outcome is not None:
                return outcome
            else:
                place += 1
        return None

    async def run_step(self, step: Step, scope: VariableScope) -> Outcome:
        """Run one step, then its `next`."""
        outcome = await self._run_body(step, scope)
        return outcome or (Jump(target=step["next"]) if "next" in step else None)

    async def _run_body(self, step: Step, scope: VariableScope) -> Outcome:
        for word, run in _BODIES.items():
            if word in step:
                return await run(self, step, scope)
        return None

    async def value(self, given: Any, scope: VariableScope) -> Any:
        return await evaluate_value(given, scope, self)

    async def run_assign(self, step: Step, scope: VariableScope) -> Outcome:
        for assignment in step["assign"]:
            for target, given in assignment.items():
                await assign(target, await self.value(given, scope), scope, self)
        return None

    async def run_call(self, step: Step, scope: VariableScope) -> Outcome:
        arguments = await self.value(step.get("args") or {}, scope)
        result = await self.call(step["call"], [], arguments)
        if "result" in step:
            await assign(str(step["result"]), result, scope, self)
        return None

    async def run_return(self, step: Step, scope: VariableScope) -> Outcome:
        return Return(value=await self.value(step["return"], scope))

    async def run_raise(self, step: Step, scope: VariableScope) -> Outcome:
        raise WorkflowError(await self.value(step["raise"], scope))

    async def run_switch(self, step: Step, scope: VariableScope) -> Outcome:
        for case in step["switch"]:
            if as_boolean(await self.value(case["condition"], scope), "condition"):
                return await self.run_step(case, scope)
        return None

    async def run_nested(self, step: Step, scope: VariableScope) -> Outcome:
        return await self.run_steps(step["steps"], scope)

    async def run_try(self, step: Step, scope: VariableScope) -> Outcome:
        try:
            return await self._run_attempts(step, scope)
        except WorkflowError as error:
            if "except" not in step:
                raise
            return await self._run_except(step["except"], error, scope)

    async def _run_attempts(self, step: Step, scope: VariableScope) -> Outcome:
        policy = read_policy(await self.value(step["retry"], scope)) if "retry" in step else None
        for delay in policy.delays if policy else ():
            try:
                return await self.run_step(step["try"], scope)
            except WorkflowError as error:
                if policy and policy.predicate and not await self.invoke(policy.predicate.name, [error.value]):
                    raise
                self.budget.count_step()
                await self.surroundings.sleep(delay)
        return await self.run_step(step["try"], scope)

    async def _run_except(self, handler: Step, error: WorkflowError, scope: VariableScope) -> Outcome:
        inner = VariableScope(self.budget, outer=scope)
        if "as" in handler:
            inner.declare(handler["as"], error.value)
        try:
            return await self.run_steps(handler["steps"], inner)
        finally:
            inner.release()

    async def run_for(self, step: Step, scope: VariableScope) -> Outcome:
        return await blocks.run_for(self, step["for"], scope)

    async def run_parallel(self, step: Step, scope: VariableScope) -> Outcome:
        await blocks.run_parallel(self, step["parallel"], scope)
        return None


_BODIES = {
    "assign": Machine.run_assign,
    "call": Machine.run_call,
    "switch": Machine.run_switch,
    "steps": Machine.run_nested,
    "for": Machine.run_for,
    "parallel": Machine.run_parallel,
    "try": Machine.run_try,
    "raise": Machine.run_raise,
    "return": Machine.run_return,
}


def bind_parameters(name: str, params: list[Any], positional: list[Any], named: dict[str, Any]) -> dict[str, Any]:
    """Parameter names to values; a parameter given as `{name: value}` has that default."""
    defaults = {key: value for each in params if isinstance(each, dict) for key, value in each.items()}
    order = [next(iter(each)) if isinstance(each, dict) else each for each in params]
    given = {**dict(zip(order, positional, strict=False)), **named}
    unknown, missing = set(given) - set(order), set(order) - set(given) - set(defaults)
    if unknown or missing or len(positional) > len(order):
        raise tagged("TypeError", f"{name}: unknown arguments {sorted(unknown)}, missing {sorted(missing)}")
    return {key: given.get(key, defaults.get(key)) for key in order}
