from pathlib import Path
from typing import Any

import pytest
import yaml

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
    inner,
    is_expression,
    parse,
)
from laptop.workflows.tokens import tokenize

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "syntax.yaml").read_text())


def bracket(node: Node) -> str:
    """The tree as text with a pair of brackets around each operator."""
    match node:
        case Literal(value=value):
            return repr(value)
        case Name(name=name):
            return name
        case Listing(items=items):
            return f"[{', '.join(map(bracket, items))}]"
        case Property(owner=owner, name=name):
            return f"{bracket(owner)}.{name}"
        case Index(owner=owner, key=key):
            return f"{bracket(owner)}[{bracket(key)}]"
        case Invocation(function=function, arguments=arguments):
            return f"{function}({', '.join(map(bracket, arguments))})"
        case Unary(operator=sign, operand=operand):
            return f"({sign} {bracket(operand)})"
        case Binary(operator=sign, left=left, right=right):
            return f"({bracket(left)} {sign} {bracket(right)})"


@pytest.mark.parametrize(("source", "bracketed"), CASES)
def test_operators_bind_as_documented(source: str, bracketed: str) -> None:
    assert bracket(parse(source)) == bracketed


@pytest.mark.parametrize(("source", "bracketed"), CASES)
def test_the_bracketed_form_means_the_same(source: str, bracketed: str) -> None:
    assert parse(bracketed.replace("None", "null")) == parse(source)


@pytest.mark.parametrize(
    ("value", "whole"),
    [
        ("${a}", True),
        ("  ${a}\n", True),
        ("${}", True),
        ("$a", False),
        ("x ${a}", False),
        ("${a} x", False),
        ("", False),
        (5, False),
        (None, False),
        (["${a}"], False),
    ],
)
def test_an_expression_is_the_whole_value(value: Any, whole: bool) -> None:
    assert is_expression(value) == whole


def test_the_inner_text_keeps_its_braces() -> None:
    assert inner(" ${f('}')} ") == "f('}')"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (r'"a\"b"', 'a"b'),
        (r"'a\'b'", "a'b"),
        (r'"a\\b"', "a\\b"),
        (r'"\n\t\r"', "\n\t\r"),
        (r'"\u00e9"', "é"),
        ('"it\'s"', "it's"),
        ('"${x}"', "${x}"),
        ('""', ""),
    ],
)
def test_a_string_is_read_with_its_escapes(source: str, text: str) -> None:
    assert [(each.kind, each.text) for each in tokenize(source)][:-1] == [("string", text)]


def test_a_token_knows_where_it_began() -> None:
    assert [each.at for each in tokenize("ab + 1")] == [0, 3, 5, 6]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("a $ b", r"unexpected character '\$' at 1"),
        ("(a", "expected .* found 'the end'"),
        ("a b", "expected the end at 2"),
        ("f(a,)", "unexpected"),
        ("a.1", "expected"),
        ("5()", "only a named function can be called"),
        ("(f)(1)(2)", "only a named function can be called"),
        ("f(1)(2)", "only a named function can be called"),
        ("a..b", "expected a name"),
        ("9223372036854775808", "out of 64 bits"),
        ('"a', "unexpected character"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(source: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse(source)


def test_the_largest_integer_is_read() -> None:
    assert parse("9223372036854775807") == Literal(value=2**63 - 1)
