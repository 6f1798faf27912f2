"""Which texts of a column keep to a pattern: by their bytes where it is one class, else by RE2 where that reads it as Python does."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

Bools = npt.NDArray[np.bool_]
_ONE_CLASS = re.compile(r"\^?(\[(?!\^)(?:[^\]\\]|\\.)+\])(?:\{(\d+),(\d+)\}|\{(\d+)\}|([+*]))?\$?")
_MEANT_OTHERWISE = re.compile(r"\\[^.\-_/+*?()\[\]{}|^$\\]|\(\?|\[\[|[*+?}][+?]|\[\^|\.|[^ -~]")
"""What RE2 and Python may read apart, or what meets characters that are not ASCII: classes by letter, looking around, possessive ones."""
_REPEATS = 2
"""Values as often as this on the average are looked at once each."""
_MOST = 2**31


def keep_to(texts: Any, pattern: str) -> Bools:
    """For each of a string array's texts, none of them null, whether all of it is like `pattern` (ASCII)."""
    return _matcher(pattern)(texts)


@cache
def _matcher(pattern: str) -> Callable[[Any], Bools]:
    one = _ONE_CLASS.fullmatch(pattern)
    if one is not None and not re.search(r"\\[A-Za-z]", one[1]) and one[1].isascii():
        allowed = re.compile(one[1], re.ASCII)
        members = bytes(byte for byte in range(128) if allowed.fullmatch(chr(byte)))
        least, most = _read_times(one)
        return lambda texts: _are_of_class(texts, members, least, most)
    if _MEANT_OTHERWISE.search(pattern) is None:
        anchored = rf"\A(?:{pattern})\z"
        return lambda texts: _by_value(texts, lambda values: _to_bools(pc.match_substring_regex(values, anchored)))
    compiled = re.compile(pattern, re.ASCII)
    return lambda texts: _by_value(
        texts, lambda values: np.array([bool(compiled.fullmatch(text)) for text in values.to_pylist()], np.bool_)
    )


def _read_times(one: re.Match[str]) -> tuple[int, int]:
    _, low, high, exactly, sign = one.groups()
    if exactly is not None:
        return int(exactly), int(exactly)
    if low is not None:
        return int(low), min(int(high), _MOST)
    return {None: (1, 1), "+": (1, _MOST), "*": (0, _MOST)}[sign]


def _are_of_class(texts: Any, allowed: bytes, least: int, most: int) -> Bools:
    """By bytes: all of the class are ASCII, so as many bytes as characters."""
    lengths = pc.binary_length(texts).to_numpy()
    right: Bools = (lengths >= least) & (lengths <= most)
    _, offsets, content = texts.buffers()
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    if content is None or not len(texts):
        return right
    data = np.frombuffer(content, np.uint8)[ends[0] : ends[-1]]
    # Five times as fast as looking each byte up, and mostly nothing is left.
    if not data.tobytes().translate(None, allowed):
        return right
    wrong = np.flatnonzero(~np.isin(data, np.frombuffer(allowed, np.uint8)))
    right[np.searchsorted(ends, wrong + ends[0], "right") - 1] = False
    return right


def _by_value(texts: Any, judge: Callable[[Any], Bools]) -> Bools:
    coded = texts.dictionary_encode()
    if len(coded.dictionary) * _REPEATS > len(coded):
        return judge(texts)
    right: Bools = judge(coded.dictionary)[coded.indices.to_numpy(zero_copy_only=False)]
    return right


def _to_bools(found: Any) -> Bools:
    return np.asarray(found.to_numpy(zero_copy_only=False), np.bool_)
