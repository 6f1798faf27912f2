"""Evaluate expressions against variables, functions and the constants of the standard library."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Protocol

from laptop.workflows.errors import tagged
from laptop.workflows.operators import apply_binary, apply_unary, as_boolean, type_name
from laptop.workflows.scopes import VariableScope
from laptop.workflows.syntax import (
    Binary,
    Index,
    Invocation,
    Listing,
    Literal,
    Name,
    Node,
    Property,
    Unary,
    dotted,
    inner,
    is_expression,
    parse,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionName:
    """A function as a value, such as the predicate of a retry."""

    name: str


class Functions(Protocol):
    """What expressions can call, and the names that stand for functions or constants."""

    def constant(self, name: str) -> Any:
        """The value of `http.default_retry` and the like, a FunctionName, or None."""

    def invoke(self, name: str, arguments: list[Any]) -> Awaitable[Any]:
        """Call a function or subworkflow with positional arguments."""


async def evaluate_value(value: Any, scope: VariableScope, functions: Functions) -> Any:
    """A YAML value with every `${...}` in it evaluated; maps and lists are walked."""
    if isinstance(value, str):
        return await evaluate(parse(inner(value)), scope, functions) if is_expression(value) else value
    if isinstance(value, list):
        return [await evaluate_value(item, scope, functions) for item in value]
    if isinstance(value, Mapping):
        return {str(key): await evaluate_value(item, scope, functions) for key, item in value.items()}
    return value


async def evaluate(node: Node, scope: VariableScope, functions: Functions) -> Any:  # noqa: PLR0911 - one line per kind of node
    """The value of a tree. Raises WorkflowError with the documented tag."""
    match node:
        case Literal(value=value):
            return value
        case Listing(items=items):
            return [await evaluate(item, scope, functions) for item in items]
        case Name() | Property():
            return await _look_up(node, scope, functions)
        case Index(owner=owner, key=key):
            return read_item(await evaluate(owner, scope, functions), await evaluate(key, scope, functions))
        case Unary(operator=sign, operand=operand):
            return apply_unary(sign, await evaluate(operand, scope, functions))
        case Binary():
            return await _evaluate_binary(node, scope, functions)
        case Invocation(function=function, arguments=arguments):
            return await functions.invoke(function, [await evaluate(each, scope, functions) for each in arguments])


async def _evaluate_binary(node: Binary, scope: VariableScope, functions: Functions) -> Any:
    left = await evaluate(node.left, scope, functions)
    if node.operator in ("and", "or"):
        if as_boolean(left, node.operator) == (node.operator == "or"):
            return left
        return as_boolean(await evaluate(node.right, scope, functions), node.operator)
    return apply_binary(node.operator, left, await evaluate(node.right, scope, functions))


async def _look_up(node: Name | Property, scope: VariableScope, functions: Functions) -> Any:
    path = dotted(node)
    if path is not None and path.split(".")[0] not in scope:
        constant = functions.constant(path)
        if constant is not None:
            return constant
    if isinstance(node, Name):
        return scope.read(node.name)
    return read_item(await evaluate(node.owner, scope, functions), node.name)


def read_item(owner: Any, key: Any) -> Any:
    """`owner[key]` of a map or a list."""
    check_key(owner, key)
    if isinstance(owner, dict) and key not in owner:
        raise tagged("KeyError", f"key not found: {key}")
    return owner[key]


def check_key(owner: Any, key: Any) -> None:
    """May `key` index `owner`? Raises TypeError or IndexError."""
    if isinstance(owner, list):
        if type(key) is not int:
            raise tagged("TypeError", f"a list index must be an integer, got {type_name(key)}")
        if not 0 <= key < len(owner):
            raise tagged("IndexError", f"index {key} is out of range for a list of {len(owner)}")
    elif not isinstance(owner, dict):
        raise tagged("TypeError", f"{type_name(owner)} has no items, asked for {key!r}")
    elif not isinstance(key, str):
        raise tagged("TypeError", f"a map key must be a string, got {type_name(key)}")


async def assign(target: str, value: Any, scope: VariableScope, functions: Functions) -> None:
    """Set a variable, or an item inside one: `x`, `x.y`, `x[0]["z"]`. Values are copied, never shared."""
    node = parse(target)
    if isinstance(node, Name):
        return scope.write(node.name, deepcopy(value))
    assert isinstance(node, Property | Index)
    root = _root(node)
    whole = deepcopy(scope.read(root))
    owner = await _walk(node.owner, whole, scope, functions)
    key = await _key(node, scope, functions)
    check_key(owner, key)
    owner[key] = deepcopy(value)
    return scope.write(root, whole)


def _root(node: Node) -> str:
    while isinstance(node, Property | Index):
        node = node.owner
    assert isinstance(node, Name)
    return node.name


async def _key(node: Property | Index, scope: VariableScope, functions: Functions) -> Any:
    return node.name if isinstance(node, Property) else await evaluate(node.key, scope, functions)


async def _walk(node: Node, whole: Any, scope: VariableScope, functions: Functions) -> Any:
    if not isinstance(node, Property | Index):
        return whole
    owner = await _walk(node.owner, whole, scope, functions)
    return read_item(owner, await _key(node, scope, functions))
