"""JSON that a lenient parser would guess at is refused; all other JSON is read as it stands."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripple.wire.strict_json import MAX_DEPTH, MAX_VALUES, read_json

REFUSED = {
    "nothing": b"",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "UTF-16 without a mark": '{"a": 1}'.encode("utf-16-le"),
    "UTF-32": '{"a": 1}'.encode("utf-32"),
    "bytes that are no UTF-8": b'"\xff"',
    "NaN": b'{"a": NaN}',
    "Infinity": b"[Infinity]",
    "minus Infinity": b"-Infinity",
    "a double too large": b"1e999",
    "an integer past 64 bits": b"9223372036854775808",
    "an integer of 5,000 digits": b"9" * 5000,
    "a key twice": b'{"a": 1, "a": 1}',
    "a key twice, escaped": b'{"a": 1, "\\u0061": 2}',
    "a key twice, deep": b'[[{"b": {"a": 1, "a": 2}}]]',
    "half a surrogate pair": b'"\\ud800"',
    "half a surrogate pair in a key": b'{"\\udfff": 1}',
    "nested too deep": b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
    "nested past all recursion": b"[" * 100_000 + b"]" * 100_000,
    "objects past all recursion": b'{"a":' * 100_000,
    "too many values": b"[" + b"0," * MAX_VALUES + b"0]",
    "a trailing comma": b"[1,]",
    "a comment": b"{} // x",
    "two values": b"{} {}",
    "single quotes": b"{'a': 1}",
    "a control character": b'"\x01"',
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_strict_json_is_a_value_error(what: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_json(REFUSED[what])


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
)


@given(JSON, st.booleans())
def test_strict_json_is_read_as_it_was_written(value: Any, ascii_only: bool) -> None:
    assert read_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_a_value_error(data: bytes) -> None:
    try:
        read_json(data)
    except ValueError:
        return
    json.loads(data)
