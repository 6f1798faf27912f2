"""OPTIONS(...): names and constant values."""

from __future__ import annotations

from typing import Any

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from laptop.bigquery.errors import invalid_query
from laptop.bigquery.sql.dialect import parse_expression

EXPIRATION = "expiration_timestamp"


def constant(node: exp.Expr) -> Any:
    """A literal, array or tuple as Python has it. Raises ApiError for an expression."""
    if isinstance(node, exp.Literal):
        return str(node.this) if node.is_string else _number(str(node.this))
    if isinstance(node, exp.RawString):
        return str(node.this)
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if isinstance(node, exp.Null):
        return None
    if isinstance(node, exp.Neg):
        return -constant(node.this)
    if isinstance(node, exp.Array | exp.Tuple):
        return [constant(item) for item in node.expressions]
    raise invalid_query(f"OPTIONS values must be constants: {node.sql('bigquery')}")


def _number(text: str) -> int | float:
    return int(text) if text.isdigit() else float(text)


def _value(name: str, node: exp.Expr) -> Any:
    """The constant; for a time of expiry its expression, None for NULL."""
    return node if name.lower() == EXPIRATION and not isinstance(node, exp.Null) else constant(node)


def options_of(properties: exp.Expr | None) -> dict[str, Any]:
    """The OPTIONS of a parsed CREATE or column, names in lower case."""
    found: dict[str, Any] = {}
    for item in properties.expressions if properties else []:
        if isinstance(item, exp.Property) and type(item) is exp.Property:
            found[item.name.lower()] = _value(item.name, item.args["value"])
        elif isinstance(item, exp.LocationProperty):
            found["location"] = constant(item.this)
    return found


def take_parenthesised(tokens: list[Token], start: int) -> tuple[list[Token], int]:
    """The tokens inside the parentheses that open at `start`, and the position after them."""
    if start >= len(tokens) or tokens[start].token_type is not TokenType.L_PAREN:
        raise invalid_query("Syntax error: expected (")
    depth = 0
    for position in range(start, len(tokens)):
        depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(tokens[position].token_type, 0)
        if depth == 0:
            return tokens[start + 1 : position], position + 1
    raise invalid_query("Syntax error: unbalanced parentheses")


def parse_options(tokens: list[Token], text: str) -> dict[str, Any]:
    """`name = constant, ...` from tokens, for statements sqlglot does not know."""
    found: dict[str, Any] = {}
    for pair in split_commas(tokens):
        if len(pair) < 3 or pair[1].token_type is not TokenType.EQ:
            raise invalid_query("Syntax error: OPTIONS takes name = value")
        select = parse_expression(pair[2:], text)
        found[pair[0].text.lower()] = _value(pair[0].text, select.expressions[0])
    return found


def split_commas(tokens: list[Token]) -> list[list[Token]]:
    groups, depth = [list[Token]()], 0
    for token in tokens:
        opening = token.token_type in (TokenType.L_PAREN, TokenType.L_BRACKET)
        depth += opening - (token.token_type in (TokenType.R_PAREN, TokenType.R_BRACKET))
        if token.token_type is TokenType.COMMA and depth == 0:
            groups.append([])
        else:
            groups[-1].append(token)
    return [group for group in groups if group]
