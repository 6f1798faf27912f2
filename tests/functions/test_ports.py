"""The ports that a function declares are exactly those that it, and whatever it calls, uses."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import textwrap
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import TypeVar

import pytest

import functions
from ripple.deployment.routes import STAGES
from ripple.replaying import gathering


def find_modules() -> Iterator[ModuleType]:
    """All that stages are made of."""
    yield gathering
    for found in pkgutil.walk_packages(functions.__path__, "functions."):
        if not found.ispkg and not found.name.endswith(".main"):
            yield importlib.import_module(found.name)


def find_holder(function: FunctionType) -> tuple[str, frozenset[str]]:
    """`(parameter, ports)`: the parameter that holds ports, and which; an empty name if it takes none."""
    for name, annotation in function.__annotations__.items():
        kind = function.__globals__.get(annotation)
        ports = list_ports(kind.__bound__ if isinstance(kind, TypeVar) else kind)
        if ports and name != "return":
            return name, ports
    return "", frozenset()


def list_ports(holder: object) -> frozenset[str]:
    """The read-only members of a protocol, its own and those of its bases."""
    if not isinstance(holder, type) or not getattr(holder, "_is_protocol", False):
        return frozenset()
    members = (member for base in holder.__mro__ for member in vars(base).items())
    return frozenset(name for name, value in members if isinstance(value, property))


def find_used(function: FunctionType) -> frozenset[str]:
    """The ports that the function's text names, and those that the functions declare which it names."""
    holder, _ = find_holder(function)
    nodes = list(ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))))
    names = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    local = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    own = {node.attr for node in nodes if isinstance(node, ast.Attribute) and _is_name(node.value, holder)}
    called = [find_holder(one)[1] for name in names - local for one in _list_functions(function.__globals__.get(name))]
    return frozenset(own).union(*called)


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _list_functions(value: object) -> list[FunctionType]:
    """A function, or those in a tuple such as the parts of `sweep`."""
    values = value if isinstance(value, tuple) else (value,)
    return [one for one in values if isinstance(one, FunctionType)]


TAKES_PORTS = {
    f"{module.__name__}.{name}": value
    for module in find_modules()
    for name, value in vars(module).items()
    if isinstance(value, FunctionType) and value.__module__ == module.__name__ and find_holder(value)[0]
}


def test_every_stage_takes_ports() -> None:
    assert {f"functions.{stage}.stage.react" for stage in STAGES} <= set(TAKES_PORTS)


@pytest.mark.parametrize("name", sorted(TAKES_PORTS))
def test_a_function_declares_the_ports_that_it_uses_and_no_other(name: str) -> None:
    declared = find_holder(TAKES_PORTS[name])[1]
    assert sorted(find_used(TAKES_PORTS[name])) == sorted(declared)
