"""Gzip is read as far as it inflates within reason: a small file of much is refused, a large one of as much is not."""

from __future__ import annotations

import gzip
import io
import random

import pytest

from functions.land_object.inflating import inflate
from ripple.errors import PermanentError

MIB = 1024**2
URI = "gs://b/x.jsonl.gz"


def packed(zeros: int, noise: int) -> bytes:
    """Zeros are packed to a thousandth, noise not at all."""
    return gzip.compress(random.Random(7).randbytes(noise) + bytes(zeros), compresslevel=6)


@pytest.mark.parametrize(
    ("zeros", "noise"),
    [(15 * MIB, 0), (24 * MIB, 130 * 1024), (MIB, MIB)],
    ids=["less than the ratio counts from", "less than the ratio", "hardly packed"],
)
def test_what_inflates_within_reason_is_read_whole(zeros: int, noise: int) -> None:
    stream = inflate(io.BytesIO(packed(zeros, noise)), URI)
    assert stream.readable()
    assert stream.read() == random.Random(7).randbytes(noise) + bytes(zeros)


@pytest.mark.parametrize(("zeros", "noise"), [(24 * MIB, 0), (24 * MIB, 40 * 1024)], ids=["a bomb", "a small one"])
def test_what_inflates_past_two_hundred_times_its_size_is_refused(zeros: int, noise: int) -> None:
    stream = inflate(io.BytesIO(packed(zeros, noise)), URI)
    with pytest.raises(PermanentError, match="inflates past 200 times its size") as caught:
        stream.read()
    assert caught.value.code == "gzip_bomb"
    assert URI in caught.value.reason


def test_lines_come_as_they_are_needed() -> None:
    """A gigabyte is never in memory: a mebibyte at a time is."""
    compressed = io.BytesIO(packed(0, 4 * MIB))
    inflate(compressed, URI).readline(10)
    assert compressed.tell() < 3 * MIB
