"""`text.*`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus

from laptop.workflows.errors import tagged
from laptop.workflows.operators import type_name

_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ESCAPED = re.compile(r"\\[^1-9]")
_NOT_RE2 = re.compile(r"\(\?(?:[=!>(]|<[=!]|P=)|\\[1-9]")


def find_all(source: Any, substr: Any) -> list[int]:
    return [match.start() for match in re.finditer(re.escape(_text(substr)), _text(source))]


def find_all_regex(source: Any, regexp: Any) -> list[dict[str, Any]]:
    return [{"index": match.start(), "match": match.group()} for match in _pattern(regexp).finditer(_text(source))]


def match_regex(source: Any, regexp: Any) -> bool:
    return _pattern(regexp).search(_text(source)) is not None


def replace_all(source: Any, substr: Any, repl: Any) -> str:
    return _text(source).replace(_text(substr), _text(repl))


def replace_all_regex(source: Any, regexp: Any, repl: Any) -> str:
    replacement = _text(repl)
    return _pattern(regexp).sub(lambda _: replacement, _text(source))


def split(source: Any, separator: Any) -> list[str]:
    return _text(source).split(separator) if _text(separator) else list(source)


def substring(source: Any, start: Any, end: Any) -> str:
    if type(start) is not int or type(end) is not int:
        raise tagged("TypeError", "text.substring needs integer bounds")
    if not 0 <= start <= end <= len(_text(source)):
        raise tagged("IndexError", f"bounds {start}..{end} are out of range for a string of {len(source)}")
    return _text(source)[start:end]


def to_lower(source: Any) -> str:
    return _text(source).lower()


def to_upper(source: Any) -> str:
    return _text(source).upper()


def decode(data: Any, charset: Any = "UTF-8") -> str:
    if not isinstance(data, bytes):
        raise tagged("TypeError", f"text.decode needs bytes, got {type_name(data)}")
    try:
        return data.decode(_text(charset))
    except (UnicodeDecodeError, LookupError) as error:
        raise tagged("ValueError", f"text.decode: {error}") from error


def encode(text: Any, charset: Any = "UTF-8") -> bytes:
    try:
        return _text(text).encode(_text(charset))
    except (UnicodeEncodeError, LookupError) as error:
        raise tagged("ValueError", f"text.encode: {error}") from error


def url_decode(source: Any) -> str:
    if _BAD_PERCENT.search(_text(source)):
        raise tagged("ValueError", f"text.url_decode: % without two hexadecimal digits in {source!r}")
    return unquote_plus(source)


def url_encode(source: Any) -> str:
    return quote(_text(source), safe="")


def url_encode_plus(source: Any) -> str:
    return quote_plus(_text(source))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise tagged("TypeError", f"a text function needs a string, got {type_name(value)}")
    return value


def _pattern(regexp: Any) -> re.Pattern[str]:
    try:
        if _NOT_RE2.search(_ESCAPED.sub("", _text(regexp))):
            raise re.error("RE2 has no lookaround and no backreference")
        return re.compile(regexp)
    except re.error as error:
        raise tagged("ValueError", f"invalid regular expression: {error}") from error


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "text.find_all": find_all,
    "text.find_all_regex": find_all_regex,
    "text.match_regex": match_regex,
    "text.replace_all": replace_all,
    "text.replace_all_regex": replace_all_regex,
    "text.split": split,
    "text.substring": substring,
    "text.to_lower": to_lower,
    "text.to_upper": to_upper,
    "text.decode": decode,
    "text.encode": encode,
    "text.url_decode": url_decode,
    "text.url_encode": url_encode,
    "text.url_encode_plus": url_encode_plus,
}
