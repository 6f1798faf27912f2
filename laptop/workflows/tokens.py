"""Cut the text of an expression into tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\d+)
  | (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<sign>//|==|!=|<=|>=|[-+*/%<>()\[\].,])
  )""",
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_WORDS = {"and": "and", "or": "or", "not": "not", "in": "in", "AND": "and", "OR": "or", "NOT": "not", "IN": "in"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One token: `kind` is number, string, name, sign or end; `at` is its offset in characters."""

    kind: str
    text: str
    at: int


def tokenize(source: str) -> list[Token]:
    """The tokens of `source`, closed by one of kind `end`. Raises ValueError at a character no token begins with."""
    tokens: list[Token] = []
    at = 0
    while at < len(source.rstrip()):
        match = _TOKEN.match(source, at)
        if match is None or match.lastgroup is None:
            raise ValueError(f"unexpected character {source[at:].lstrip()[:1]!r} at {at}")
        tokens.append(_token(match.lastgroup, match.group(match.lastgroup), match.start(match.lastgroup)))
        at = match.end()
    return [*tokens, Token(kind="end", text="", at=at)]


def _token(kind: str, text: str, at: int) -> Token:
    if kind == "name" and text in _WORDS:
        return Token(kind="sign", text=_WORDS[text], at=at)
    if kind == "string":
        return Token(kind=kind, text=_ESCAPE.sub(_unescape, text[1:-1]), at=at)
    return Token(kind=kind, text=text, at=at)


def _unescape(match: re.Match[str]) -> str:
    code = match.group(1)
    return chr(int(code[1:], 16)) if len(code) == 5 else _ESCAPES.get(code, code)
