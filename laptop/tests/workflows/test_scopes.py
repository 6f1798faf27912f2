"""Variables: who sees which, who may write them, what they cost. Limits are those of the quotas page."""

from typing import Any

import pytest

from laptop.workflows.errors import WorkflowError
from laptop.workflows.scopes import MEMORY_BYTES, STEPS, STRING_BYTES, Budget, VariableScope, measure


def tags(action: Any) -> list[str]:
    with pytest.raises(WorkflowError) as caught:
        action()
    return caught.value.tags


def test_an_inner_scope_reads_and_writes_the_outer_one() -> None:
    outer = VariableScope(Budget())
    outer.declare("x", 1)
    inner = VariableScope(outer.budget, outer=outer)
    assert inner.read("x") == 1
    inner.write("x", 2)
    assert outer.read("x") == 2


def test_a_variable_first_written_inside_stays_inside() -> None:
    outer = VariableScope(Budget())
    inner = VariableScope(outer.budget, outer=outer)
    inner.write("x", 1)
    assert "x" in inner
    assert "x" not in outer
    assert tags(lambda: outer.read("x")) == ["KeyError"]


def test_a_declared_variable_hides_the_outer_one() -> None:
    outer = VariableScope(Budget())
    outer.declare("x", 1)
    inner = VariableScope(outer.budget, outer=outer)
    inner.declare("x", 2)
    inner.write("x", 3)
    assert (inner.read("x"), outer.read("x")) == (3, 1)


def test_a_branch_writes_what_is_shared_and_nothing_else() -> None:
    outer = VariableScope(Budget())
    outer.declare("x", 1)
    outer.declare("y", 1)
    branch = VariableScope(outer.budget, outer=outer, shared=["x"])
    branch.write("x", 2)
    branch.write("own", 3)
    assert (outer.read("x"), branch.read("y"), branch.read("own")) == (2, 1, 3)
    assert tags(lambda: branch.write("y", 2)) == ["ValueError"]


def test_a_loop_inside_a_branch_is_held_to_what_the_branch_shares() -> None:
    outer = VariableScope(Budget())
    outer.declare("x", 1)
    branch = VariableScope(outer.budget, outer=outer, shared=[])
    branch.declare("mine", 1)
    loop = VariableScope(outer.budget, outer=branch)
    loop.write("mine", 2)
    assert branch.read("mine") == 2
    assert tags(lambda: loop.write("x", 2)) == ["ValueError"]


def test_a_nested_branch_needs_the_variable_shared_by_both_blocks() -> None:
    outer = VariableScope(Budget())
    outer.declare("x", 1)
    first = VariableScope(outer.budget, outer=outer, shared=["x"])
    second = VariableScope(outer.budget, outer=first, shared=["x"])
    second.write("x", 2)
    assert outer.read("x") == 2
    third = VariableScope(outer.budget, outer=VariableScope(outer.budget, outer=outer, shared=[]), shared=["x"])
    assert tags(lambda: third.write("x", 3)) == ["ValueError"]


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (None, 8),
        (True, 8),
        (1, 8),
        (1.5, 8),
        ("", 0),
        ("abc", 3),
        ("é", 2),
        (b"abc", 3),
        ([], 8),
        ([1, "ab"], 18),
        ({}, 8),
        ({"key": "ab"}, 13),
        ({"a": [1]}, 25),
    ],
)
def test_a_value_takes_the_bytes_of_its_parts(value: Any, size: int) -> None:
    assert measure(value) == size


def test_a_string_takes_at_most_256_kilobytes() -> None:
    assert measure("x" * STRING_BYTES) == STRING_BYTES
    assert tags(lambda: measure("x" * (STRING_BYTES + 1))) == ["ResourceLimitError"]
    assert tags(lambda: measure({"deep": ["é" * (STRING_BYTES // 2 + 1)]})) == ["ResourceLimitError"]


def test_all_variables_take_at_most_512_kilobytes_together() -> None:
    scope = VariableScope(Budget())
    scope.declare("a", "x" * STRING_BYTES)
    scope.declare("b", "x" * (MEMORY_BYTES - STRING_BYTES))
    assert tags(lambda: scope.declare("c", 1)) == ["ResourceLimitError"]


def test_a_new_value_takes_the_place_of_the_old_one() -> None:
    scope = VariableScope(Budget())
    for _ in range(10):
        scope.declare("a", "x" * STRING_BYTES)
    assert len(scope.read("a")) == STRING_BYTES


def test_a_released_scope_gives_its_bytes_back() -> None:
    outer = VariableScope(Budget())
    for _ in range(10):
        inner = VariableScope(outer.budget, outer=outer)
        inner.declare("a", "x" * STRING_BYTES)
        inner.release()
    outer.declare("b", "x" * STRING_BYTES)
    outer.declare("c", "x" * STRING_BYTES)


def test_releasing_twice_gives_back_once() -> None:
    budget = Budget()
    scope = VariableScope(budget)
    scope.declare("a", "x" * STRING_BYTES)
    scope.release()
    scope.release()
    other = VariableScope(budget)
    other.declare("a", "x" * STRING_BYTES)
    other.declare("b", "x" * STRING_BYTES)
    assert tags(lambda: other.declare("c", 1)) == ["ResourceLimitError"]


def test_an_execution_takes_at_most_100_000_steps() -> None:
    budget = Budget()
    for _ in range(STEPS):
        budget.count_step()
    assert tags(budget.count_step) == ["ResourceLimitError"]
