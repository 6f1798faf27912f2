"""Strings, bytes and hashes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlglot import exp

from laptop.bigquery.errors import invalid_query, unsupported
from laptop.bigquery.sql.rules import Rule, SqlWriter, constant_text, quote, same, taking, template


def count_groups(pattern: str) -> int:
    """How many capturing groups an RE2 pattern has; an invalid one is left to DuckDB to refuse."""
    plain = re.sub(r"\\.|\[(?:\\.|\[:\w+:\]|[^\]\\])+\]", "", pattern)
    return len(re.findall(r"\((?!\?)|\(\?P<", plain))


def _part(argument: exp.Expr) -> int:
    """The group to extract. DuckDB cannot distinguish a group that took no part from an empty one, so that is refused."""
    pattern = constant_text(argument, "a regular expression")
    groups = count_groups(pattern)
    if groups > 1:
        raise unsupported("a regular expression with more than one capturing group")
    if groups and _may_take_no_part(pattern):
        raise unsupported("a regular expression whose capturing group is optional")
    return groups


def _may_take_no_part(pattern: str) -> bool:
    """Whether the capture, or a group around it, may be skipped: `(x)?`, `(?:a(x))*`, `a|(x)`."""
    plain = re.sub(r"\\.|\[(?:\\.|\[:\w+:\]|[^\]\\])+\]", "_", pattern)
    while match := re.search(r"\((?:\?:|\?[a-z]+:)([^()]*)\)", plain):
        plain = plain[: match.start()] + match[1].replace("|", "_") + plain[match.end() :]
    if plain.count("(") > 1:
        return True
    outside = re.sub(r"\([^()]*\)", "()", plain)
    return "|" in outside or re.search(r"\)[?*{]", outside) is not None


def _regexp_extract(writer: SqlWriter, args: Sequence[exp.Expr]) -> str:
    if len(args) != 2:
        raise unsupported("REGEXP_EXTRACT with a position")
    return f"bq_regexp_extract({writer.sql(args[0])}, {writer.sql(args[1])}, {_part(args[1])})"


def _regexp_extract_all(writer: SqlWriter, args: Sequence[exp.Expr]) -> str:
    return f"regexp_extract_all({writer.sql(args[0])}, {writer.sql(args[1])}, {_part(args[1])})"


def _concat(writer: SqlWriter, args: Sequence[exp.Expr]) -> str:
    if len(args) == 1 and not isinstance(args[0], exp.ByteString):
        return f"bq_string({writer.sql(args[0])})"
    return "(" + " || ".join(_text(writer, arg) for arg in args) + ")"


def _text(writer: SqlWriter, arg: exp.Expr) -> str:
    return "CAST(NULL AS VARCHAR)" if isinstance(arg, exp.Null) else writer.sql(arg)


_SPECIFIER = re.compile(r"%(%|('?)([-+ 0#]*)(\d*)(?:\.(\d+))?([a-zA-Z]))|([^%]+)")


def _format(writer: SqlWriter, args: Sequence[exp.Expr]) -> str:
    remaining, pieces = list(args[1:]), []
    pattern = constant_text(args[0], "a format")
    if _SPECIFIER.sub("", pattern):
        raise unsupported(f"FORMAT pattern {pattern}")
    for whole, tick, flags, width, digits, letter, plain in _SPECIFIER.findall(pattern):
        if plain or whole == "%":
            pieces.append(quote(plain or "%"))
        elif tick or letter not in "dsfteEgx" or not remaining:
            raise unsupported(f"FORMAT element %{whole}")
        else:
            pieces.append(_specified(writer.sql(remaining.pop(0)), flags, width, digits, letter))
    if remaining:
        raise invalid_query("Too many arguments to FORMAT for its pattern")
    return f"({' || '.join(pieces)})" if pieces else "''"


def _specified(value: str, flags: str, width: str, digits: str, letter: str) -> str:
    taken = {"d": "bq_format_d", "x": "bq_format_d", "s": "bq_format_s", "t": "bq_format_t"}.get(letter, "bq_format_f")
    precision = f".{digits}" if digits else ""
    if letter == "x":
        taken = f"bq_number_of({taken}({value}))"  # a negative one would be shown as its complement
        return f"printf('%{flags}{width}{precision}x', {taken})"
    return f"printf('%{flags}{width}{precision}{letter.replace('t', 's')}', {taken}({value}))"


RULES: dict[str, Rule] = {
    "LENGTH": template("bq_length({0})"),
    "CHAR_LENGTH": template("length({0})"),
    "CHARACTER_LENGTH": template("length({0})"),
    "BYTE_LENGTH": template("bq_byte_length({0})"),
    "OCTET_LENGTH": template("bq_byte_length({0})"),
    "LOWER": template("bq_lower({0})"),
    "UPPER": template("bq_upper({0})"),
    "TRIM": same("bq_trim"),
    "LTRIM": same("bq_ltrim"),
    "RTRIM": same("bq_rtrim"),
    "SUBSTR": same("bq_substr"),
    "SUBSTRING": same("bq_substr"),
    "LEFT": template("left({0}, bq_number_of({1}))"),
    "RIGHT": template("right({0}, bq_number_of({1}))"),
    "CONCAT": _concat,
    "STARTS_WITH": template("starts_with({0}, {1})"),
    "ENDS_WITH": template("ends_with({0}, {1})"),
    "CONTAINS_SUBSTR": template("contains(bq_lower({0}), bq_lower({1}))"),
    "STRPOS": template("strpos({0}, {1})"),
    "INSTR": template("strpos({0}, {1})"),
    "REPLACE": same("bq_replace"),
    "REPEAT": template("repeat({0}, bq_number_of({1}))"),
    "REVERSE": template("reverse({0})"),
    "LPAD": same("bq_lpad"),
    "RPAD": same("bq_rpad"),
    "SPLIT": template("string_split({0}, ',')", "string_split({0}, {1})"),
    "REGEXP_CONTAINS": template("regexp_matches({0}, {1})"),
    "REGEXP_EXTRACT": _regexp_extract,
    "REGEXP_SUBSTR": _regexp_extract,
    "REGEXP_EXTRACT_ALL": taking(_regexp_extract_all, 2, 2),
    "REGEXP_REPLACE": template("regexp_replace({0}, {1}, {2}, 'g')"),
    "FORMAT": _format,
    "TO_HEX": template("bq_to_hex({0})"),
    "FROM_HEX": template("unhex({0})"),
    "TO_BASE64": template("to_base64({0})"),
    "FROM_BASE64": template("from_base64({0})"),
    "SHA256": template("bq_sha256({0})"),
    "SHA1": template("bq_sha1({0})"),
    "MD5": template("bq_md5({0})"),
    "FARM_FINGERPRINT": template("bq_fingerprint({0})"),
    "ASCII": template("bq_ascii({0})"),
    "UNICODE": template("CASE WHEN {0} = '' THEN 0 ELSE unicode({0}) END"),
    "CHR": template("chr(CAST({0} AS INTEGER))"),
    "NORMALIZE": template("nfc_normalize({0})"),
    "GENERATE_UUID": taking(lambda _writer, _args: "CAST(uuid() AS VARCHAR)", 0, 0),
    "STRING": template("bq_json_string({0})"),
}
