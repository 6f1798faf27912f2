"""A script, split into statements, each named by its kind."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot.tokenizer_core import Token, TokenType

from laptop.bigquery.errors import invalid_query, unsupported
from laptop.bigquery.sql.dialect import tokenize

_REFUSED = {
    *("IF", "LOOP", "WHILE", "REPEAT", "FOR", "CALL", "EXECUTE", "RAISE", "RETURN", "GRANT", "REVOKE", "LOAD", "BREAK"),
    *("LEAVE", "CONTINUE", "ITERATE", "UNDROP", "CASE", "EXCEPTION"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement of a script: its text, the script's (token offsets count in it), its tokens and its first words in upper case."""

    text: str
    script: str
    tokens: list[Token]
    words: tuple[str, ...]


def split_script(text: str) -> list[Statement]:
    """Raises ApiError for an empty script and for procedural statements, by name."""
    statements, current = [], list[Token]()
    for token in [*tokenize(text), None]:
        if token is not None and token.token_type is not TokenType.SEMICOLON:
            current.append(token)
        elif current:
            statements.append(_statement(text, current))
            current = []
    if not statements:
        raise invalid_query("Syntax error: Unexpected end of statement")
    return statements


def _statement(text: str, tokens: list[Token]) -> Statement:
    words = tuple(" ".join(token.text.upper() for token in tokens[:6]).split()[:8])
    if words[0] in _REFUSED or (words[0] == "BEGIN" and len(words) > 1 and words[1] != "TRANSACTION"):
        raise unsupported(f"statement {words[0]}" + (" ... END block" if words[0] == "BEGIN" else ""))
    return Statement(text=text[tokens[0].start : tokens[-1].end + 1], script=text, tokens=tokens, words=words)


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
