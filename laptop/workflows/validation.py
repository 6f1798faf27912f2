"""What must hold before a workflow is deployed: its structure, its jumps, its expressions, the functions it names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from laptop.workflows.functions import BLOCKING, CONNECTORS, IN_EXPRESSIONS, KNOWN
from laptop.workflows.syntax import (
    Binary,
    Index,
    Invocation,
    Listing,
    Name,
    Node,
    Property,
    Unary,
    inner,
    is_expression,
    parse,
)

_BODIES = ("assign", "call", "switch", "steps", "for", "parallel", "try", "raise", "return")
_COMPANIONS = {"call": {"args", "result"}, "try": {"retry", "except"}}
_LISTS_OF_STEPS = 50
_DATA = frozenset({"args", "assign", "return", "raise", "params"})
_JUMPS = frozenset({"end"})
_LOOP_JUMPS = frozenset({"end", "break", "continue"})


def find_faults(source: Any) -> list[str]:
    """Every fault of a parsed source, each with its path; an empty list means it can be deployed."""
    if not isinstance(source, dict) or "main" not in source:
        return ["the source needs a main workflow or a list of steps"]
    checker = _Checker(frozenset(source))
    return [fault for name, body in source.items() for fault in checker.subworkflow(str(name), body)]


class _Checker:
    def __init__(self, subworkflows: frozenset[str]) -> None:
        self._subworkflows = subworkflows

    def subworkflow(self, name: str, body: Any) -> Iterator[str]:
        if not isinstance(body, dict) or set(body) - {"params", "steps"} or "steps" not in body:
            yield f"{name}: a workflow has steps, perhaps params, and nothing else"
            return
        params = body.get("params", [])
        if not isinstance(params, list) or len(params) > (1 if name == "main" else 10):
            yield f"{name}: params is a list of at most {1 if name == 'main' else 10}"
        names = list(_step_names(body))
        yield from (f"{name}: repeated step {each}" for each in sorted({n for n in names if names.count(n) > 1}))
        yield from self.steps(name, body["steps"], _JUMPS)

    def steps(self, path: str, steps: Any, targets: frozenset[str]) -> Iterator[str]:
        if not isinstance(steps, list) or not steps:
            yield f"{path}: steps is a list, not empty"
            return
        if not all(isinstance(step, dict) and len(step) == 1 for step in steps):
            yield f"{path}: each step is a map with one name"
            return
        names = [str(next(iter(step))) for step in steps]
        for step in steps:
            name, body = next(iter(step.items()))
            yield from self.step(f"{path}.{name}", body, targets | set(names), frozenset())

    def step(self, path: str, body: Any, targets: frozenset[str], extra: frozenset[str]) -> Iterator[str]:
        bodies = [word for word in _BODIES if isinstance(body, dict) and word in body]
        if not isinstance(body, dict) or len(bodies) > 1 or not (bodies or "next" in body):
            yield f"{path}: a step is a map that does one thing, found {bodies or body}"
            return
        word = bodies[0] if bodies else "next"
        allowed = {word, "next"} | _COMPANIONS.get(word, set()) | extra
        if set(body) - allowed:
            yield f"{path}: {word} does not go with {sorted(map(str, set(body) - allowed))}"
        if "next" in body and body["next"] not in targets:
            yield f"{path}: next leads to an unknown step {body['next']}"
        if bodies:
            yield from getattr(self, f"check_{word}")(path, body, targets)

    def check_assign(self, path: str, body: dict[str, Any], _targets: frozenset[str]) -> Iterator[str]:
        assignments = body["assign"]
        if not isinstance(assignments, list) or not 1 <= len(assignments) <= _LISTS_OF_STEPS:
            yield f"{path}: assign is a list of 1 to 50 assignments"
            return
        for assignment in assignments:
            if not isinstance(assignment, dict) or len(assignment) != 1:
                yield f"{path}: an assignment is a map with one name"
                continue
            yield from self.target(path, next(iter(assignment)))
            yield from self.value(path, next(iter(assignment.values())))

    def check_call(self, path: str, body: dict[str, Any], _targets: frozenset[str]) -> Iterator[str]:
        name = body["call"]
        if name not in self._subworkflows and name not in KNOWN:
            yield f"{path}: not supported on the laptop: {name}"
        if not isinstance(body.get("args", {}), dict):
            yield f"{path}: args is a map"
        if "result" in body:
            yield from self.target(path, body["result"])
        yield from self.value(path, body.get("args", {}))

    def check_switch(self, path: str, body: dict[str, Any], targets: frozenset[str]) -> Iterator[str]:
        cases = body["switch"]
        if not isinstance(cases, list) or not 1 <= len(cases) <= 50:
            yield f"{path}: switch is a list of 1 to 50 conditions"
            return
        for case in cases:
            condition = case.get("condition") if isinstance(case, dict) else None
            if not (isinstance(condition, bool) or is_expression(condition)):
                yield f"{path}: a condition is a boolean or an expression, found {condition!r}"
                continue
            yield from self.value(path, condition)
            yield from self.step(path, case, targets, frozenset({"condition"}))

    def check_steps(self, path: str, body: dict[str, Any], targets: frozenset[str]) -> Iterator[str]:
        yield from self.steps(path, body["steps"], targets)

    def check_for(self, path: str, body: dict[str, Any], _targets: frozenset[str]) -> Iterator[str]:
        loop = body["for"]
        if not isinstance(loop, dict) or set(loop) - {"value", "index", "in", "range", "steps"} or "value" not in loop:
            yield f"{path}: for has value, in or range, steps, perhaps index"
            return
        if ("in" in loop) == ("range" in loop):
            yield f"{path}: for needs either in or range"
        yield from self.value(path, loop.get("in", loop.get("range")))
        yield from self.steps(path, loop.get("steps"), _LOOP_JUMPS)

    def check_parallel(self, path: str, body: dict[str, Any], _targets: frozenset[str]) -> Iterator[str]:
        block = body["parallel"]
        allowed = {"exception_policy", "shared", "concurrency_limit", "branches", "for"}
        if not isinstance(block, dict) or set(block) - allowed or ("branches" in block) == ("for" in block):
            yield f"{path}: parallel has either branches or for, perhaps shared, concurrency_limit, exception_policy"
        elif block.get("exception_policy", "continueAll") != "continueAll":
            yield f"{path}: exception_policy is continueAll"
        elif "for" in block:
            yield from self.check_for(path, block, _JUMPS)
        else:
            yield from self._branches(path, block["branches"])

    def _branches(self, path: str, branches: Any) -> Iterator[str]:
        if not isinstance(branches, list) or not 2 <= len(branches) <= 10:
            yield f"{path}: branches is a list of 2 to 10"
            return
        for branch in branches:
            body = next(iter(branch.values())) if isinstance(branch, dict) and branch else None
            yield from self.steps(path, body.get("steps") if isinstance(body, dict) else None, _JUMPS)

    def check_try(self, path: str, body: dict[str, Any], targets: frozenset[str]) -> Iterator[str]:
        yield from self.step(f"{path}.try", body["try"], targets, frozenset())
        yield from self.value(path, body.get("retry"))
        handler = body.get("except", {"steps": []})
        if not isinstance(handler, dict) or set(handler) - {"as", "steps"} or not ("retry" in body or "except" in body):
            yield f"{path}: try goes with retry or with except, which has as and steps"
        elif "except" in body:
            yield from self.steps(f"{path}.except", handler.get("steps"), targets)

    def check_raise(self, path: str, body: dict[str, Any], _targets: frozenset[str]) -> Iterator[str]:
        yield from self.value(path, body["raise"])

    def check_return(self, path: str, body: dict[str, Any], _targets: frozenset[str]) -> Iterator[str]:
        yield from self.value(path, body["return"])

    def target(self, path: str, target: Any) -> Iterator[str]:
        try:
            tree = parse(str(target))
        except ValueError as error:
            yield f"{path}: {target!r} is no variable: {error}"
            return
        if not isinstance(tree, Name | Property | Index):
            yield f"{path}: {target!r} is no variable"

    def value(self, path: str, value: Any) -> Iterator[str]:
        if isinstance(value, dict | list):
            for each in value.values() if isinstance(value, dict) else value:
                yield from self.value(path, each)
        elif is_expression(value):
            yield from self._expression(path, value)
        elif isinstance(value, str) and "${" in value:
            yield f"{path}: an expression must be the whole value: {value!r}"

    def _expression(self, path: str, value: str) -> Iterator[str]:
        try:
            called = list(_invoked(parse(inner(value))))
        except ValueError as error:
            yield f"{path}: {value}: {error}"
            return
        for name in called:
            if name in BLOCKING or name in CONNECTORS:
                yield f"{path}: {name} blocks, so it needs a call step"
            elif name not in IN_EXPRESSIONS and name not in self._subworkflows:
                yield f"{path}: not supported on the laptop: {name}"


def _step_names(body: Any) -> Iterator[str]:
    """Names of all steps inside a workflow, however deep: they are unique in it, so that jumps are too."""
    if isinstance(body, list):
        for each in body:
            yield from _step_names(each)
    elif isinstance(body, dict):
        for key, value in body.items():
            if key == "steps" and isinstance(value, list):
                yield from (str(name) for step in value if isinstance(step, dict) for name in step)
            if key not in _DATA:
                yield from _step_names(value)


def _invoked(node: Node) -> Iterator[str]:
    if isinstance(node, Invocation):
        yield node.function
    for child in _children(node):
        yield from _invoked(child)


def _children(node: Node) -> tuple[Node, ...]:
    match node:
        case Invocation(arguments=children) | Listing(items=children):
            return children
        case Binary(left=left, right=right):
            return (left, right)
        case Unary(operand=child) | Property(owner=child):
            return (child,)
        case Index(owner=owner, key=key):
            return (owner, key)
        case _:
            return ()
