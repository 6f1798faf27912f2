"""Every code in the source is documented, and every documented code is in the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from ripple.deployment.codes import CODES, PLACES

ROOT = Path(__file__).parents[2]
REFUSING = {"PermanentError", "Violation", "Refusal"}


def read_codes() -> dict[str, str]:
    """Each code in the code of `ripple` and `functions`, and the file that has it."""
    files = sorted([*(ROOT / "ripple").rglob("*.py"), *(ROOT / "functions").rglob("*.py")])
    return {code: str(file.relative_to(ROOT)) for file in files for code in find_codes(file.read_text(), file)}


def find_codes(source: str, file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            named = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            first = node.args[:1] if getattr(node.func, "id", "") in REFUSING else []
            for value in [*named, *first]:
                yield from _texts(value)
        # A check answers `code, what was expected`.
        if file.parent.name == "contracts" and isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load):
            yield from (
                text for text in _texts(node.elts[0] if node.elts else node) if "_" in text and len(node.elts) == 2
            )


def _texts(node: ast.AST) -> Iterator[str]:
    """The constant, or those in both arms of a choice, or a `.get`'s default."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*_texts(node.body), *_texts(node.orelse))
    elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "get":
        yield from _texts(node.args[-1])


FOUND = read_codes()


@pytest.mark.parametrize("code", sorted(FOUND))
def test_a_code_in_the_source_is_documented(code: str) -> None:
    assert code in CODES, (
        f"{FOUND[code]} refuses with {code}: describe it in ripple/deployment/codes.py, then run `make docs`"
    )


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_documented_code_is_in_the_source(code: str) -> None:
    assert code in FOUND, f"{code} is refused with nowhere: take it out of ripple/deployment/codes.py"


def test_codes_are_found_wherever_they_stand() -> None:
    source = """
raise PermanentError("one_way", "why")
raise PermanentError("two_ways" if x else "three_ways", "why")
Violation("four_ways", "", "")
Rejected(code="five_ways")
Letter(code=attributes.get("ripple-code", "six_ways"))
return "seven_ways", "a string"
"""
    found = set(find_codes(source.replace("return", "x ="), Path("contracts/x.py")))
    assert found == {f"{n}_way{'s' * (n != 'one')}" for n in ("one", "two", "three", "four", "five", "six", "seven")}


def test_every_code_says_where_it_is_met_what_it_means_and_what_to_do() -> None:
    for name, code in CODES.items():
        assert code.place in PLACES, name
        assert code.meaning.endswith("."), name
        assert code.next_step.endswith("."), name
