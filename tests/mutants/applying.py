"""Put a mutant in a module's place: its code into functions that are loaded already, or its source before anything imports it."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, FunctionType, ModuleType
from typing import Any


def name_module(path: str) -> str:
    """The dotted name of a module's path below the root."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


class _MutatedLoader(SourceFileLoader):
    def __init__(self, name: str, path: str, code: CodeType) -> None:
        super().__init__(name, path)
        self._mutated = code

    def get_code(self, fullname: str) -> CodeType:
        return self._mutated


class MutatedFinder:
    """Finds one module as its mutant; it goes first on `sys.meta_path`."""

    def __init__(self, name: str, code: CodeType) -> None:
        self._name, self._code = name, code

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != self._name:
            return None
        spec = PathFinder.find_spec(name, path, target)
        assert spec is not None
        assert spec.origin is not None
        spec.loader = _MutatedLoader(name, spec.origin, self._code)
        return spec


def swap_code(module: str, function: str, code: CodeType) -> bool:
    """Give a loaded function the code that it has in its module's mutated `code`; False if it cannot be found or does not fit."""
    loaded = _find_function(sys.modules.get(name_module(module)), function.split("."))
    mutated = _find_code(code, function.split("."))
    if loaded is None or mutated is None or loaded.__code__.co_freevars != mutated.co_freevars:
        return False
    loaded.__code__ = mutated
    return True


def _find_code(code: CodeType, names: Sequence[str]) -> CodeType | None:
    for name in names:
        found = [const for const in code.co_consts if isinstance(const, CodeType) and const.co_name == name]
        if len(found) != 1:
            return None
        code = found[0]
    return code


def _find_function(owner: Any, names: Sequence[str]) -> FunctionType | None:
    for name in names:
        owner = vars(owner).get(name) if owner is not None else None
    for held in _unwrap(owner):
        if isinstance(held, FunctionType) and held.__code__.co_name == names[-1]:
            return held
    return None


def _unwrap(held: Any) -> Iterator[Any]:
    """A function, or what a decorator put around it."""
    if isinstance(held, staticmethod | classmethod):
        held = held.__func__
    elif isinstance(held, property):
        held = held.fget
    elif isinstance(held, functools.cached_property):
        held = held.func
    while held is not None:
        if not hasattr(held, "__wrapped__"):
            yield held
        held = getattr(held, "__wrapped__", None)
