"""CREATE EXTERNAL TABLE, which sqlglot does not parse: read here from tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from laptop.bigquery.errors import invalid_query, unsupported
from laptop.bigquery.sql.dialect import parse_tokens
from laptop.bigquery.sql.options import parse_options, take_parenthesised
from laptop.bigquery.sql.script import Statement

_OPTIONS = {
    *("format", "uris", "hive_partition_uri_prefix", "require_hive_partition_filter", "field_delimiter", "quote"),
    *("compression", "ignore_unknown_values", "max_bad_records", "skip_leading_rows", "null_marker", "description"),
    *("allow_quoted_newlines", "allow_jagged_rows", "encoding", "friendly_name", "labels", "enable_list_inference"),
    *("file_set_spec_type", "expiration_timestamp"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalTable:
    """The statement's parts; `columns` and `partitions` are parsed column definitions."""

    table: exp.Table
    replace: bool
    if_not_exists: bool
    columns: list[exp.ColumnDef]
    partitions: list[exp.ColumnDef]
    options: dict[str, Any]


def parse_external_table(statement: Statement) -> ExternalTable:
    """Raises ApiError for options that are not served."""
    tokens, text = statement.tokens, statement.script
    words = [token.text.upper() for token in tokens]
    start = words.index("TABLE") + 1
    if_not_exists = words[start : start + 3] == ["IF", "NOT", "EXISTS"]
    start += 3 if if_not_exists else 0
    end = next((i for i in range(start, len(tokens)) if _ends_name(tokens[i])), len(tokens))
    created = parse_tokens(
        [_word(TokenType.SELECT, "SELECT"), _star(), _word(TokenType.FROM, "FROM"), *tokens[start:end]], text
    )
    columns, end = _columns(tokens, end, text) if words[end : end + 1] == ["("] else ([], end)
    partitions: list[exp.ColumnDef] = []
    if words[end : end + 3] == ["WITH", "PARTITION", "COLUMNS"]:
        partitions, end = _columns(tokens, end + 3, text)
    table = created.find(exp.Table)
    assert table is not None
    return ExternalTable(
        table=table,
        replace=words[1:3] == ["OR", "REPLACE"],
        if_not_exists=if_not_exists,
        columns=columns,
        partitions=partitions,
        options=_options(tokens, end, text),
    )


def _options(tokens: list[Token], start: int, text: str) -> dict[str, Any]:
    if start >= len(tokens) or tokens[start].text.upper() != "OPTIONS":
        raise invalid_query("CREATE EXTERNAL TABLE needs OPTIONS")
    inside, end = take_parenthesised(tokens, start + 1)
    if end != len(tokens):
        raise invalid_query(f"Syntax error: unexpected {tokens[end].text!r}")
    options = parse_options(inside, text)
    unknown = sorted(set(options) - _OPTIONS)
    if unknown:
        raise unsupported(f"external table option {', '.join(unknown)}")
    return options


def _columns(tokens: list[Token], start: int, text: str) -> tuple[list[exp.ColumnDef], int]:
    inside, end = take_parenthesised(tokens, start)
    head = [_word(TokenType.CREATE, "CREATE"), _word(TokenType.TABLE, "TABLE"), _word(TokenType.VAR, "t")]
    parsed = parse_tokens([*head, _word(TokenType.L_PAREN, "("), *inside, _word(TokenType.R_PAREN, ")")], text)
    return [part for part in parsed.this.expressions if isinstance(part, exp.ColumnDef)], end


def _ends_name(token: Token) -> bool:
    return token.token_type is TokenType.L_PAREN or token.text.upper() in ("WITH", "OPTIONS")


def _word(kind: TokenType, text: str) -> Token:
    return Token(kind, text)


def _star() -> Token:
    return Token(TokenType.STAR, "*")
