"""A script as a tree: statements, IF branches, BEGIN ... END blocks.

https://cloud.google.com/bigquery/docs/reference/standard-sql/procedural-language
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlglot.tokenizer_core import Token, TokenType

from laptop.bigquery.errors import invalid_query, unsupported
from laptop.bigquery.sql.dialect import tokenize

_REFUSED = {
    *("LOOP", "WHILE", "REPEAT", "FOR", "CALL", "EXECUTE", "RETURN", "GRANT", "REVOKE", "LOAD", "BREAK"),
    *("LEAVE", "CONTINUE", "ITERATE", "UNDROP", "CASE", "EXPLAIN", "SHOW", "CLONE"),
}
_BRANCH_ENDS = ("ELSEIF", "ELSE", "END")
_BLOCK_ENDS = ("EXCEPTION", "END")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement of a script: its text, the script's (token offsets count in it), its tokens and its first words in upper case."""

    text: str
    script: str
    tokens: list[Token]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Branches:
    """IF: the first condition that is true has its body run, else `otherwise`."""

    cases: list[tuple[Statement, list[Node]]]
    otherwise: list[Node]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """BEGIN ... END; `handler` is what EXCEPTION WHEN ERROR THEN runs, None where there is none."""

    body: list[Node]
    handler: list[Node] | None


Node = Statement | Branches | Block


def split_script(text: str) -> list[Node]:
    """Raises ApiError for an empty script and for procedural statements that are not served, by name."""
    reader = _Reader(text, tokenize(text))
    nodes = reader.read_nodes(())
    if not nodes:
        raise invalid_query("Syntax error: Unexpected end of statement")
    return nodes


class _Reader:
    """Reads tokens from the first to the last."""

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self.text, self.tokens, self.at = text, tokens, 0

    def word(self, ahead: int = 0) -> str:
        """The word there in upper case; nothing at the end, and for what is quoted."""
        place = self.at + ahead
        if place >= len(self.tokens) or self.tokens[place].token_type in (TokenType.STRING, TokenType.IDENTIFIER):
            return ""
        return self.tokens[place].text.upper()

    def read_nodes(self, ends: Collection[str]) -> list[Node]:
        """Nodes up to one of the words of `ends`, or to the end of the script."""
        nodes: list[Node] = []
        while self.at < len(self.tokens) and self.word() not in ends:
            if self.word() == ";":
                self.at += 1
            else:
                nodes.append(self._read_node(inside=bool(ends)))
        return nodes

    def _read_node(self, *, inside: bool) -> Node:
        if self.word() == "IF":
            node: Node = self._read_branches()
        elif self.word() == "BEGIN" and self.word(1) not in ("", ";", "TRANSACTION"):
            node = self._read_block()
        else:
            node = self._statement(self._take_until((";",)))
        if self.at < len(self.tokens) or inside:
            self._expect(";")
        return node

    def _read_branches(self) -> Branches:
        cases, otherwise = [], list[Node]()
        while self.word() in ("IF", "ELSEIF"):
            self.at += 1
            condition = self._statement(self._take_until(("THEN",)))
            self._expect("THEN")
            cases.append((condition, self.read_nodes(_BRANCH_ENDS)))
        if self.word() == "ELSE":
            self.at += 1
            otherwise = self.read_nodes(("END",))
        self._expect("END", "IF")
        return Branches(cases=cases, otherwise=otherwise)

    def _read_block(self) -> Block:
        self._expect("BEGIN")
        body, handler = self.read_nodes(_BLOCK_ENDS), None
        if self.word() == "EXCEPTION":
            self._expect("EXCEPTION", "WHEN", "ERROR", "THEN")
            handler = self.read_nodes(("END",))
        self._expect("END")
        return Block(body=body, handler=handler)

    def _take_until(self, ends: Collection[str]) -> list[Token]:
        """Tokens up to a word of `ends` that is in no parentheses and in no CASE."""
        start, depth = self.at, 0
        while self.at < len(self.tokens) and (depth or self.word() not in ends) and self.word() != ";":
            depth += {"(": 1, ")": -1, "CASE": 1, "END": -1}.get(self.word(), 0)
            self.at += 1
        return self.tokens[start : self.at]

    def _expect(self, *words: str) -> None:
        for word in words:
            if self.word() != word:
                found = self.tokens[self.at].text if self.at < len(self.tokens) else "end of script"
                raise invalid_query(f"Syntax error: Expected {word} but got {found}")
            self.at += 1

    def _statement(self, tokens: list[Token]) -> Statement:
        if not tokens:
            raise invalid_query("Syntax error: Expected a statement or a condition")
        words = tuple(" ".join(token.text.upper() for token in tokens[:6]).split()[:8])
        if words[0] in _REFUSED and tokens[0].token_type is not TokenType.CASE:
            raise unsupported(f"statement {words[0]}")
        text = self.text[tokens[0].start : tokens[-1].end + 1]
        return Statement(text=text, script=self.text, tokens=tokens, words=words)


def statement_type(statement: Statement) -> str:
    """BigQuery's `statementType`, from the words a statement begins with."""
    words = statement.words
    first = words[0]
    if first in ("SELECT", "WITH", "("):
        return "SELECT"
    if first in ("INSERT", "UPDATE", "DELETE", "MERGE", "ASSERT"):
        return first
    if first == "TRUNCATE":
        return "TRUNCATE_TABLE"
    if first == "EXPORT":
        return "EXPORT_DATA"
    if first in ("BEGIN", "COMMIT", "ROLLBACK"):
        return f"{first}_TRANSACTION"
    return _definition_type(words) if first in ("CREATE", "DROP", "ALTER") else first


def _definition_type(words: tuple[str, ...]) -> str:
    kinds = [word for word in words[1:] if word not in ("OR", "REPLACE", "TEMP", "TEMPORARY")]
    if kinds and kinds[0] == "EXTERNAL":
        return f"{words[0]}_EXTERNAL_TABLE"
    return f"{words[0]}_{kinds[0] if kinds else ''}"
