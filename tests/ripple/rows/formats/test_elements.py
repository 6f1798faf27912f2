"""A JSON array's elements are judged as lines are; what is no JSON as a whole is refused as a whole."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Sequence

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ripple.errors import PermanentError
from ripple.rows.contracts.lines import BadLine
from ripple.rows.formats.elements import judge_elements
from tests.ripple.rows.layouts.reference import Judged, judge_singly, list_accepted
from tests.ripple.rows.layouts.test_layouts import CONTRACTS, LITERALS, with_literal, write

CONTRACT, GOOD = CONTRACTS["mixed"]


def judge(text: bytes, size: int = 1 << 20, least: int = 1) -> Judged:
    accepted, odd, rows = [], [], 0
    for page in judge_elements(io.BytesIO(text), "gs://b/x.json", CONTRACT, size, least):
        odd += [(rows + at, found) for at, found in page.odd]
        rows += page.rows
        accepted += list_accepted(page.accepted, CONTRACT)
    return Judged(rows, sorted(accepted, key=lambda row: row[0]), odd)


def outcomes(judged: Judged) -> list[object]:
    """What became of each row, wherever it stood in its object."""
    good = [(digest, values) for _, digest, _, values in judged.accepted]
    bad = [(at, found.violation, found.raw) for at, found in judged.odd if isinstance(found, BadLine)]
    return [judged.lines, good, bad]


def valid(lines: Sequence[bytes]) -> list[bytes]:
    """Those that are JSON: another would make the whole document none."""

    def parses(line: bytes) -> bool:
        try:
            orjson.loads(line)
        except orjson.JSONDecodeError:
            return False
        return True

    return [line for line in lines if parses(line)]


LINES = valid([with_literal(GOOD, name, text) for name in GOOD for text in LITERALS])


@pytest.mark.parametrize("size", [64, 5_000, 1 << 20])
@pytest.mark.parametrize("between", [b",", b",\n", b" ,\r\n\t "])
def test_elements_are_judged_as_the_same_lines(between: bytes, size: int) -> None:
    lines = LINES[:: 1 if size > 64 else 40]
    found = judge(b" [ \n" + between.join(lines) + b"\n]\n ", size)
    assert outcomes(found) == outcomes(judge_singly(b"\n".join(lines), CONTRACT))


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32), size=st.sampled_from([16, 300, 1 << 20]), indent=st.sampled_from([None, 1]))
def test_elements_with_any_text_are_found_at_any_seam(seed: int, size: int, indent: int | None) -> None:
    dice = random.Random(seed)
    texts = ["".join(dice.choice('a"\\,]}[{:\n é😀') for _ in range(dice.randrange(9))) for _ in range(12)]
    rows = [{**GOOD, "s": text} for text in texts]
    found = judge(json.dumps(rows, ensure_ascii=dice.random() < 0.5, indent=indent).encode(), size)
    assert [values["s"] for *_, values in found.accepted] == [repr(text) for text in texts]


def test_one_object_is_one_row() -> None:
    assert [at for at, *_ in judge(b"\n" + write(GOOD).encode() + b"\n\n", 7).accepted] == [1]


def test_an_empty_array_has_no_rows() -> None:
    assert judge(b" [ ] ").lines == 0


ROW = write(GOOD).encode()


@pytest.mark.parametrize(
    "text",
    [
        b"[" + ROW,
        b"[" + ROW + b",]",
        b"[," + ROW + b"]",
        b"[" + ROW + b"," + ROW[:-1] + b"]",
        ROW + b"\n" + ROW,
        b"[" + ROW + b"] x",
        b"[" + ROW + b" " + ROW + b"]",
        b"1",
        b"x",
        b"[" + ROW + b"}",
        b"[" + ROW + b"]]",
        b'["]',
        b"[" + ROW.replace(b'"s":"', b'"s":""') + b"]",
    ],
)
def test_what_is_no_json_is_refused_as_a_whole(text: bytes) -> None:
    with pytest.raises(PermanentError, match="is no JSON array") as caught:
        judge(text)
    assert caught.value.code == "json_malformed"
