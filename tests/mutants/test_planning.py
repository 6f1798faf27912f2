"""The mutants of a piece of code are known before they are run, and keep their names."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.mutants.planning import Source, read_source
from tests.mutants.surveying import find_dependents

CASES = yaml.safe_load((Path(__file__).parent / "operator_cases.yaml").read_text())


def source_of(code: str, module: bool = False) -> Source:
    return read_source("x.py", code if module else "def f(a):\n" + textwrap.indent(code, "    "))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["code"][:40])
def test_what_is_changed_of_a_line(case: dict[str, Any]) -> None:
    found = source_of(case["code"], case.get("module", False)).find_mutants()
    assert [mutant.change for mutant in found] == case["changes"]


def test_every_mutant_compiles_and_leaves_the_source_as_it_was() -> None:
    source = source_of("\n".join(case["code"] for case in CASES if "continue" not in case["code"]))
    unchanged = compile(source.tree, str(source.path), "exec").co_consts
    mutants = source.find_mutants()
    assert [mutant.change for mutant in mutants if source.compile(mutant.number).co_consts == unchanged] == []
    assert [mutant.id for mutant in source.find_mutants()] == [mutant.id for mutant in mutants]


def test_a_mutant_keeps_its_name_where_other_code_changes() -> None:
    one, other = source_of("x = a + 1"), source_of("y = 5\nx = a + 1")
    assert {mutant.id for mutant in one.find_mutants()} < {mutant.id for mutant in other.find_mutants()}


def test_two_equal_changes_of_a_function_have_two_names() -> None:
    found = source_of("a()\na()").find_mutants()
    assert (found[0].change, len({mutant.id for mutant in found})) == (found[1].change, 2)


def test_a_default_argument_is_not_inside_its_function_and_an_inner_function_is() -> None:
    found = read_source(
        "x.py", "class A:\n    def f(self, n=1):\n        def inner():\n            return n\n"
    ).find_mutants()
    assert [(mutant.function, mutant.is_inside) for mutant in found] == [("A", False), ("A.f", True)]


def test_a_change_names_the_lines_of_its_statement_without_its_body() -> None:
    found = read_source("x.py", "if (a and\n        b):\n    c()\n").find_mutants()
    assert {(mutant.first, mutant.last) for mutant in found} == {(1, 2), (3, 3)}


def test_what_imports_a_module_through_others_is_near_it() -> None:
    near = find_dependents("ripple/rows/timestamps.py")
    assert {
        "ripple/rows/timestamps.py",
        "ripple/rows/contracts/checks.py",
        "ripple/rows/contracts/lines.py",
        "functions/land_object/checking.py",
        "tests/ripple/rows/test_lines.py",
    } <= near
    assert "ripple/rows/checksums.py" not in near
