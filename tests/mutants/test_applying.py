"""A mutant takes its module's place, whether the module is loaded already or not."""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.mutants.applying import MutatedFinder, name_module, swap_code
from tests.mutants.planning import read_source

CODE = """
import functools
LIMIT = 1

def plain(n):
    return n + 1

class Held:
    @property
    def size(self):
        return 1 + 1

    @staticmethod
    def made():
        return 1 + 1

@functools.cache
def kept():
    return 1 + 1
"""


@pytest.fixture
def module(tmp_path: Path) -> Iterator[ModuleType]:
    (tmp_path / "mutated_here.py").write_text(CODE)
    sys.path.insert(0, str(tmp_path))
    yield importlib.import_module("mutated_here")
    sys.path.remove(str(tmp_path))
    del sys.modules["mutated_here"]


def mutate(function: str, change: str) -> bool:
    source = read_source("mutated_here.py", CODE)
    (mutant,) = (one for one in source.find_mutants() if one.function == function and change in one.change)
    return swap_code("mutated_here.py", function, source.compile(mutant.number))


def test_a_loaded_function_gets_the_mutants_code_wherever_it_was_imported(module: ModuleType) -> None:
    imported = module.plain
    assert mutate("plain", "+ → -")
    assert imported(1) == 0


@pytest.mark.parametrize("function", ["Held.size", "Held.made", "kept"])
def test_a_decorated_function_gets_it_too(module: ModuleType, function: str) -> None:
    assert mutate(function, "+ → -")
    assert (module.Held().size, module.Held.made(), module.kept()).count(0) == 1


def test_a_function_that_is_not_there_is_not_swapped(module: ModuleType) -> None:
    vars(module)["plain"] = functools.partial(print)
    assert not mutate("plain", "+ → -")


def test_a_module_that_is_imported_later_is_the_mutant(module: ModuleType) -> None:
    source = read_source("mutated_here.py", CODE)
    del sys.modules["mutated_here"]
    finder = MutatedFinder("mutated_here", source.compile(0))
    sys.meta_path.insert(0, finder)
    assert importlib.import_module("mutated_here").LIMIT == 2
    sys.meta_path.remove(finder)


def test_a_package_is_named_by_its_folder() -> None:
    assert name_module("ripple/rows/contracts/__init__.py") == "ripple.rows.contracts"
