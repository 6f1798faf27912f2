"""GoogleSQL as sqlglot parses it, less sqlglot's idea of functions: each keeps the name it was called by."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.bigquery import BigQuery
from sqlglot.errors import ParseError, TokenError
from sqlglot.parsers.bigquery import BigQueryParser
from sqlglot.tokenizer_core import Token, TokenType

from laptop.bigquery.errors import invalid_query

_KEPT = ("CAST", "SAFE_CAST", "EXTRACT", "ARRAY")


class PlainTokenizer(BigQuery.Tokenizer):
    """No word swallows the rest of its statement: BEGIN and EXCEPTION are followed by statements."""

    COMMANDS: ClassVar[set[TokenType]] = set()


class PlainParser(BigQueryParser):
    """Every function but CAST, EXTRACT and the constructors comes out as `Anonymous(NAME, arguments)`."""

    FUNCTIONS: ClassVar[dict[str, Any]] = {}
    FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        name: parse for name, parse in BigQueryParser.FUNCTION_PARSERS.items() if name in _KEPT
    }


def tokenize(text: str) -> list[Token]:
    try:
        return _number_placeholders(PlainTokenizer(dialect=BigQuery()).tokenize(text))
    except TokenError as error:
        raise invalid_query(f"Syntax error: {error}") from error


def _number_placeholders(tokens: list[Token]) -> list[Token]:
    """The n-th `?` becomes `@_n`: a tree does not keep the order of the text."""
    numbered: list[Token] = []
    count = 0
    for token in tokens:
        if token.token_type is TokenType.PLACEHOLDER:
            place = (token.line, token.col, token.start, token.end)
            numbered += [Token(TokenType.PARAMETER, "@", *place), Token(TokenType.VAR, f"_{count}", *place)]
            count += 1
        else:
            numbered.append(token)
    return numbered


def parse_tokens(tokens: list[Token], text: str) -> exp.Expr:
    """One statement. Raises ApiError (invalidQuery) where it is no GoogleSQL."""
    try:
        parsed = PlainParser(dialect=BigQuery()).parse(tokens, text)
    except ParseError as error:
        raise invalid_query(f"Syntax error: {_one_line(error)}") from error
    if len(parsed) != 1 or parsed[0] is None:
        raise invalid_query("Syntax error: expected one statement")
    return parsed[0]


def parse_expression(tokens: list[Token], text: str) -> exp.Expr:
    """`SELECT` of the one expression that the tokens are. Raises ApiError where they are something else."""
    select = parse_tokens([Token(TokenType.SELECT, "SELECT"), *tokens], text)
    if not isinstance(select, exp.Select) or len(select.expressions) != 1:
        raise invalid_query(f"Syntax error: expected an expression: {select.sql('bigquery')}")
    return select


def parse_one(text: str) -> exp.Expr:
    return parse_tokens(tokenize(text), text)


def _one_line(error: ParseError) -> str:
    if not error.errors:
        return str(error)
    first = error.errors[0]
    return f"{first['description']} at [{first['line']}:{first['col']}] near {first['highlight']!r}"
