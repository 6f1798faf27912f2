"""Two checksums over ids: one in key order, and one whose parts add up in any order."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripple.rows.checksums import IdChecksum, IdSum, sum_ids

IDS = st.lists(st.text(max_size=8), max_size=20)


def checksum(ids: Sequence[str]) -> str:
    found = IdChecksum()
    for one in ids:
        found.add(one)
    return found.hexdigest()


def number(doc_id: str) -> int:
    return int(hashlib.sha256(doc_id.encode()).hexdigest(), 16)


@pytest.mark.parametrize(
    ("ids", "text"),
    [((), b""), (("o-1",), b"o-1"), (("o-1", "é", ""), b"o-1\n\xc3\xa9\n")],
    ids=["none", "one", "three"],
)
def test_the_checksum_is_the_hash_of_the_ids_with_a_line_feed_between(ids: Sequence[str], text: bytes) -> None:
    assert checksum(ids) == hashlib.sha256(text).hexdigest()


def test_the_sum_of_one_id_is_its_hash_with_its_leading_zeros() -> None:
    doc_id = next(f"o-{at}" for at in range(1000) if hashlib.sha256(f"o-{at}".encode()).hexdigest().startswith("0"))
    assert sum_ids([doc_id]) == hashlib.sha256(doc_id.encode()).hexdigest()
    assert sum_ids([]) == "0" * 64


@given(IDS)
def test_the_sum_is_that_of_the_hashes_modulo_two_to_the_256th(ids: list[str]) -> None:
    assert int(sum_ids(ids), 16) == sum(map(number, ids)) % 2**256


@given(IDS, IDS)
def test_sums_of_parts_add_up_to_the_sum_of_the_whole(first: list[str], second: list[str]) -> None:
    total = IdSum()
    for part in (second, first):
        total.add_sum(sum_ids(part))
    assert total.hexdigest() == sum_ids([*first, *second])
