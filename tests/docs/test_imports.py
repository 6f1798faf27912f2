"""Each part declares what it imports, and imports what it declares."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from requirements.imports import (
    ROOT,
    Declared,
    Reached,
    find_faults,
    find_imports,
    list_parts,
    read_declared,
    read_installed,
    read_modules,
    read_units,
)

MODULES = read_modules()
INSTALLED = read_installed(sys.path)


def imports_of(part: str) -> set[str]:
    return find_imports(MODULES, part if part in MODULES else f"functions.{part}")


@pytest.mark.parametrize("part", list_parts())
def test_a_part_declares_just_what_it_imports(part: str) -> None:
    imports, declared = imports_of(part), read_declared(ROOT, part)
    assert find_faults(imports, declared, INSTALLED) == []
    for package in declared.packages - declared.unimported:
        faults = find_faults(imports, replace(declared, packages=declared.packages - {package}), INSTALLED)
        assert [fault.endswith(f"and does not declare {package}") for fault in faults] == [True]
    more = replace(declared, packages=declared.packages | {"attrs"})
    assert find_faults(imports, more, INSTALLED) == ["declares attrs and does not import it"]


def test_the_pipelines_are_compared_in_their_own_environment() -> None:
    command = [ROOT / ".venv-pipelines/bin/python", "-m", "requirements.imports", "pipelines"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


SOURCE = """
import a
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import types_only

def called():
    import b

def uncalled():
    import c

class Held:
    @property
    def read(self):
        import d

    @property
    def unread(self):
        import e

    def __init__(self):
        import f
"""


def test_an_import_in_a_function_counts_where_the_function_is_named() -> None:
    modules = {
        "part": read_units("from shared import called, Held\nread = 1\ncalled()\nHeld().read\n"),
        "shared": read_units(SOURCE),
    }
    found = Reached(modules, frozenset({"part"})).follow()
    assert found == {"shared.called", "shared.Held", "a", "b", "d", "f", "typing.TYPE_CHECKING"}


def test_a_name_that_is_no_attribute_reaches_no_method() -> None:
    modules = {"part": read_units("import shared\nread = 1\n"), "shared": read_units(SOURCE)}
    assert "d" not in Reached(modules, frozenset({"part"})).follow()


def test_an_import_belongs_to_the_package_that_has_the_longest_part_of_its_name() -> None:
    installed = {"google": {"one", "two"}, "google.cloud.thing": {"two"}, "google.cloud": {"one"}}
    assert find_faults(["google.cloud.thing.Client"], Declared(packages=frozenset({"two"})), installed) == []
    assert find_faults(["google.cloud.thing"], Declared(packages=frozenset({"one"})), installed) == [
        "imports google.cloud.thing and does not declare two",
        "declares one and does not import it",
    ]


def test_what_is_not_installed_is_named() -> None:
    assert find_faults(["nowhere.it"], Declared(packages=frozenset()), {}) == [
        "imports nowhere.it and does not declare a package that has nowhere.it"
    ]
