"""Parse expressions into trees, in the documented order of precedence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from laptop.workflows.tokens import Token, tokenize

EXPRESSION_CHARACTERS = 400
_LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"or"}),
    frozenset({"and"}),
    frozenset({"<", "<=", ">", ">=", "==", "!=", "in"}),
    frozenset({"+", "-"}),
    frozenset({"*", "/", "//", "%"}),
)
_CONSTANTS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False, "null": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    owner: Node
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    owner: Node
    key: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary:
    operator: str
    operand: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    operator: str
    left: Node
    right: Node


Node: TypeAlias = Literal | Name | Listing | Property | Index | Invocation | Unary | Binary


def is_expression(value: object) -> bool:
    """Is this YAML value a whole `${...}`?"""
    return isinstance(value, str) and value.strip().startswith("${") and value.strip().endswith("}")


def inner(value: str) -> str:
    """The text between `${` and `}`."""
    return value.strip()[2:-1]


def dotted(node: Node) -> str | None:
    """`a.b.c` when the tree is nothing but names and dots, else None."""
    if isinstance(node, Name):
        return node.name
    owner = dotted(node.owner) if isinstance(node, Property) else None
    return f"{owner}.{node.name}" if isinstance(node, Property) and owner else None


@lru_cache(maxsize=4096)
def parse(source: str) -> Node:
    """The tree of an expression without its `${}`. Raises ValueError, with the offset, when it can't be read."""
    if len(source) > EXPRESSION_CHARACTERS:
        raise ValueError(f"expression has {len(source)} characters, the limit is {EXPRESSION_CHARACTERS}")
    parser = _Parser(tokenize(source))
    tree = parser.binary(0)
    parser.expect("end", "")
    return tree


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._position = 0

    @property
    def _now(self) -> Token:
        return self._tokens[self._position]

    def _take(self) -> Token:
        token = self._now
        self._position += 1
        return token

    def _skip(self, sign: str) -> bool:
        if self._now.kind == "sign" and self._now.text == sign:
            self._position += 1
            return True
        return False

    def expect(self, kind: str, text: str) -> None:
        if self._now.kind != kind or self._now.text != text:
            raise ValueError(f"expected {text or 'the end'} at {self._now.at}, found {self._now.text or 'the end'!r}")
        self._position += 1

    def binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._negation()
        left = self.binary(level + 1)
        while self._now.kind == "sign" and self._now.text in _LEVELS[level]:
            operator = self._take().text
            left = Binary(operator=operator, left=left, right=self.binary(level + 1))
        return left

    def _negation(self) -> Node:
        for sign in ("-", "not"):
            if self._skip(sign):
                return Unary(operator=sign, operand=self._negation())
        return self._postfix(self._primary())

    def _postfix(self, node: Node) -> Node:
        while True:
            if self._skip("."):
                node = Property(owner=node, name=self._identifier())
            elif self._skip("["):
                node = Index(owner=node, key=self.binary(0))
                self.expect("sign", "]")
            elif self._now.kind == "sign" and self._now.text == "(":
                node = self._invocation(node)
            else:
                return node

    def _identifier(self) -> str:
        token = self._take()
        if token.kind != "name":
            raise ValueError(f"expected a name at {token.at}")
        return token.text

    def _invocation(self, node: Node) -> Node:
        function = dotted(node)
        if function is None:
            raise ValueError(f"only a named function can be called, at {self._now.at}")
        self.expect("sign", "(")
        return Invocation(function=function, arguments=self._items(")"))

    def _items(self, closing: str) -> tuple[Node, ...]:
        items: list[Node] = []
        if self._skip(closing):
            return ()
        while True:
            items.append(self.binary(0))
            if self._skip(closing):
                return tuple(items)
            self.expect("sign", ",")

    def _primary(self) -> Node:
        token = self._take()
        if token.kind == "number":
            return Literal(value=_number(token))
        if token.kind == "string":
            return Literal(value=token.text)
        if token.kind == "name":
            known = token.text in _CONSTANTS
            return Literal(value=_CONSTANTS[token.text]) if known else Name(name=token.text)
        return self._enclosed(token)

    def _enclosed(self, token: Token) -> Node:
        if token.text == "(":
            node = self.binary(0)
            self.expect("sign", ")")
            return node
        if token.text == "[":
            return Listing(items=self._items("]"))
        raise ValueError(f"unexpected {token.text or 'end'!r} at {token.at}")


def _number(token: Token) -> int | float:
    if not token.text.isdigit():
        return float(token.text)
    if int(token.text) >= 2**63:
        raise ValueError(f"integer out of 64 bits at {token.at}")
    return int(token.text)
