"""The subscription filter language: attributes, `=`, `!=`, `hasPrefix`, `:`, AND, OR, NOT, parentheses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

Predicate = Callable[[Mapping[str, str]], bool]

_TOKEN = re.compile(
    r'\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<name>[A-Za-z_][\w.-]*)|(?P<sign>!=|[=:(),]|-(?=\s*[\w(])))', re.ASCII
)
MAX_BYTES = 256


class FilterError(ValueError):
    """The filter is not of the language; the message says where."""


def compile_filter(text: str) -> Predicate:
    """A predicate over a message's attributes; FilterError for what the cloud would refuse."""
    if not text:
        return lambda _attributes: True
    if len(text.encode()) > MAX_BYTES:
        raise FilterError(f"a filter has at most {MAX_BYTES} bytes")
    parser = _Parser(_tokens(text))
    predicate = parser.read_or()
    parser.expect_end()
    return predicate


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            raise FilterError(f"unexpected {text[at : at + 10]!r} at {at}")
        tokens.append(match[0].strip())
        at = match.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens, self._at = tokens, 0

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, wanted: str = "") -> str:
        token = self._peek()
        if not token or (wanted and token != wanted):
            raise FilterError(f"expected {wanted or 'more'}, found {token or 'the end'!r}")
        self._at += 1
        return token

    def expect_end(self) -> None:
        if self._peek():
            raise FilterError(f"unexpected {self._peek()!r}; mixed AND and OR need parentheses")

    def read_or(self) -> Predicate:
        """A chain of one kind only: the cloud asks for parentheses where AND and OR meet."""
        arms = [self._read_not()]
        chain = self._peek()
        while chain in ("AND", "OR") and self._peek() == chain:
            self._take()
            arms.append(self._read_not())
        if len(arms) == 1:
            return arms[0]
        combine = all if chain == "AND" else any
        return lambda attributes: combine(arm(attributes) for arm in arms)

    def _read_not(self) -> Predicate:
        if self._peek() in ("NOT", "-"):
            self._take()
            inner = self._read_not()
            return lambda attributes: not inner(attributes)
        if self._peek() == "(":
            self._take()
            inner = self.read_or()
            self._take(")")
            return inner
        return self._read_term()

    def _read_term(self) -> Predicate:
        name = self._take()
        if name == "hasPrefix":
            return self._read_prefix()
        if name == "attributes":
            self._take(":")
            key = _named(self._take())
            return lambda attributes: key in attributes
        key = self._read_key(name)
        sign = self._take()
        if sign not in ("=", "!="):
            raise FilterError(f"expected = or != after attributes.{key}, found {sign!r}")
        value = self._take_string()
        if sign == "=":
            return lambda attributes: attributes.get(key) == value
        return lambda attributes: key in attributes and attributes[key] != value

    def _read_prefix(self) -> Predicate:
        self._take("(")
        key = self._read_key(self._take())
        self._take(",")
        prefix = self._take_string()
        self._take(")")
        return lambda attributes: key in attributes and attributes[key].startswith(prefix)

    def _read_key(self, name: str) -> str:
        """The key of `attributes.KEY`, or of `attributes."KEY"` for one with special characters."""
        if not name.startswith("attributes."):
            raise FilterError(f"expected attributes.NAME, found {name!r}")
        return name.removeprefix("attributes.") or self._take_string()

    def _take_string(self) -> str:
        token = self._take()
        if not token.startswith('"'):
            raise FilterError(f"expected a quoted string, found {token!r}")
        return _unquote(token)


def _named(token: str) -> str:
    """A key written as a name or as a quoted string."""
    if not re.match(r'["A-Za-z_]', token):
        raise FilterError(f"expected a key, found {token!r}")
    return _unquote(token) if token.startswith('"') else token


def _unquote(token: str) -> str:
    return re.sub(r"\\(?:u([0-9a-fA-F]{4})|(.))", lambda m: chr(int(m[1], 16)) if m[1] else m[2], token[1:-1])
