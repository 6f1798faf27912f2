"""Lines read by their layout are judged exactly as one by one: the fast way equals the slow way, whatever a line holds."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ripple.flows import load_contract
from ripple.rows.contracts import Contract, read_contract
from ripple.rows.contracts.lines import MAX_LINE_BYTES
from ripple.rows.contracts.plausibility import expect_plausible
from ripple.rows.layouts.chunks import Chunk
from ripple.rows.layouts.pages import MOST_LINES, find_pages
from ripple.rows.layouts.reading import Outlines
from tests.ripple.rows.layouts.reference import judge_in_pages, judge_singly
from tests.ripple.rows.sample_rows import a_click, a_startup

LITERALS = [
    text for texts in yaml.safe_load(Path(__file__).with_name("literals.yaml").read_text()).values() for text in texts
]
NOW = dt.datetime(2026, 1, 3, tzinfo=dt.UTC)
MOMENTS = ["iso_zoned", "iso_naive", "space_naive", "day_first", "rfc_2822", "epoch_seconds", "epoch_millis"]
FIELDS: Mapping[str, Any] = {
    "id": {"kind": "string", "pattern": "^[a-z]+(?:-[0-9]{1,3})?$"},
    "word": {"kind": "string", "pattern": r"^[A-Za-z0-9_\-]{1,20}$", "nullable": True},
    "token": {"kind": "string", "pattern": "^[a-z]{1,4}:[A-Z]{2}=*$", "nullable": True},
    "n": {"kind": "integer", "min": -9007199254740992, "max": 9223372036854775807},
    "u": {"kind": "integer", "min": -1000, "max": 1000, "nullable": True},
    "x": {"kind": "float", "min": -1e300, "max": 1e300},
    "y": {"kind": "float", "min": 0, "max": 10, "nullable": True},
    "b": {"kind": "boolean", "nullable": True},
    "t": {"kind": "timestamp", "grammar": MOMENTS},
    "d": {"kind": "date", "nullable": True},
    "e": {"kind": "string", "enum": ["red", "grün", 'a"b'], "nullable": True},
    "s": {"kind": "string", "max": 20},
    "l": {"kind": "strings", "max": 3, "nullable": True},
    "r": {
        "kind": "records",
        "max": 3,
        "fields": {
            "sku": {"kind": "string", "max": 10},
            "q": {"kind": "integer", "min": 0, "max": 99},
            "note": {"kind": "string", "max": 9, "nullable": True},
        },
    },
}
TIME = {"event": "t", "slack_days": 2, "floor": "1900-01-01"}
MIXED = read_contract({"flow": "mixed", "format": "jsonl", "time": TIME, "fields": FIELDS}, "mixed")
EVOLVING = read_contract(
    {
        "flow": "mixed",
        "format": "jsonl",
        "evolution": {"new_field": "evolve", "widened_type": "evolve"},
        "fields": FIELDS,
    },
    "evolving",
)
GOOD: Mapping[str, Any] = {
    "id": "abc-1", "word": "w_1", "token": None, "n": 5, "u": None, "x": 1.5, "y": 0, "b": True, "t": "2025-11-04T12:19:08.344Z",
    "d": "2025-11-04", "e": "red", "s": "héllo", "l": ["a", "b"], "r": [{"sku": "x", "q": 1, "note": None}, {"sku": "y", "q": 2}],
}  # fmt: skip
CONTRACTS = {
    "mixed": (expect_plausible(MIXED, NOW, None), GOOD),
    "evolving": (EVOLVING, GOOD),
    "clickstream": (load_contract("clickstream"), a_click()),
    "startups": (load_contract("startups"), a_startup()),
}


def write(row: Mapping[str, Any], gaps: tuple[str, str] = (",", ":")) -> str:
    return json.dumps(row, ensure_ascii=False, separators=gaps)


def expect_equal(data: bytes, contract: Contract, size: int = 1 << 20, least: int = 1) -> None:
    fast, slow = judge_in_pages(data, contract, size, least), judge_singly(data, contract)
    assert (fast.lines, fast.odd) == (slow.lines, slow.odd)
    assert fast.accepted == slow.accepted


def with_literal(row: Mapping[str, Any], name: str, text: str) -> bytes:
    marker = "\x00"
    line = write({**row, name: marker}).replace(json.dumps(marker), text)
    return line.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("flow", CONTRACTS)
def test_every_literal_in_every_field_is_judged_as_by_itself(flow: str) -> None:
    contract, good = CONTRACTS[flow]
    lines = [with_literal(good, name, text) for name in good for text in LITERALS]
    expect_equal(b"\n".join([write(good).encode()] * 3 + lines), contract)


def keys_that_go_astray(row: Mapping[str, Any]) -> Iterator[bytes]:
    whole = write(row)
    for name in row:
        less = {key: value for key, value in row.items() if key != name}
        yield write(less).encode()
        yield whole.replace(f'"{name}":', f'"{name.upper()}":', 1).encode()
        yield f'{whole[:-1]},"{name}":{json.dumps(row[name])}}}'.encode()
        yield f'{{"{name}":null,{whole[1:]}'.encode()
        yield f'{whole[:-1]},"{name}" :null}}'.encode()
        yield whole.replace(f'"{name}":', f'"\\u{ord(name[0]):04x}{name[1:]}":', 1).encode()
        yield f'{write(less)[:-1]},"{name}":null,"{name}":null}}'.encode()
    yield f'{whole[:-1]},"another":1}}'.encode()
    yield f'{whole[:-1]},"another":{{"a":1,"a":2}}}}'.encode()
    yield write(dict(reversed(list(row.items())))).encode()
    yield from (write(row, gaps).encode() for gaps in ((", ", ": "), (" ,", " :"), (",\t", ":\t")))


@pytest.mark.parametrize("flow", CONTRACTS)
def test_keys_that_come_twice_or_not_or_otherwise_are_judged_as_by_themselves(flow: str) -> None:
    contract, good = CONTRACTS[flow]
    expect_equal(b"\n".join([write(good).encode()] * 3 + list(keys_that_go_astray(good))), contract)


def odd_lines(row: Mapping[str, Any]) -> list[bytes]:
    whole = write(row).encode()
    around = [
        b"",
        b" ",
        b"\t",
        b"\r",
        b"\x0b",
        b"x",
        b",",
        b"{}",
        b"\x00",
        b"\xef\xbb\xbf",
        b"//",
        b"\xff",
        b"\xe2\x80\xa8",
    ]
    return [
        *(before + whole + after for before in around for after in around),
        *around, b"[]", b"null", b"1", b'"a"', b"[" + whole + b"]", whole[:-1], whole[1:], whole[:-1] + b",}", whole + whole,
        b"[" * 2000 + b"]" * 2000, b'{"a":' * 1500 + b"1" + b"}" * 1500, whole[:-1] + b',"z":' + b"[" * 70 + b"]" * 70 + b"}",
    ]  # fmt: skip


@pytest.mark.parametrize("size", [7, 300, 1 << 20])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_lines_that_are_none_and_their_seams_are_judged_as_by_themselves(size: int, end: bytes) -> None:
    contract, good = CONTRACTS["mixed"]
    lines = [write(good).encode()] * 3 + odd_lines(good)
    expect_equal(end.join(lines), contract, size)
    expect_equal(end.join(lines) + end, contract, size)


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n"])
@pytest.mark.parametrize("over", [-1, 0, 1, 2, 3])
def test_a_line_about_as_long_as_may_be_is_cut_as_by_itself(over: int, end: bytes) -> None:
    contract, good = CONTRACTS["mixed"]
    line = write(good).encode()
    long = line[:-1] + b" " * (MAX_LINE_BYTES + over - len(line)) + b"}"
    for size in (1000, MAX_LINE_BYTES // 2, 2 * MAX_LINE_BYTES):
        expect_equal(line + b"\n" + long + end + line, contract, size)
        expect_equal(long + end, contract, size)


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32), flow=st.sampled_from(sorted(CONTRACTS)), size=st.sampled_from([64, 700, 1 << 20]))
def test_lines_with_bytes_at_random_are_judged_as_by_themselves(seed: int, flow: str, size: int) -> None:
    contract, good = CONTRACTS[flow]
    dice = random.Random(seed)
    expect_equal(b"\n".join(spoil(good, dice) for _ in range(60)), contract, size, least=dice.choice([1, 5]))


def spoil(row: Mapping[str, Any], dice: random.Random) -> bytes:
    """A good line, one with a literal in a field, or one with bytes changed, cut out or put in."""
    chance = dice.random()
    line = bytearray(
        with_literal(row, dice.choice(list(row)), dice.choice(LITERALS)) if chance < 0.6 else write(row).encode()
    )
    if chance > 0.4:
        for _ in range(dice.randrange(1, 4)):
            at = dice.randrange(len(line))
            line[at : at + dice.randrange(3)] = dice.choice(
                [b"", b'"', b"\\", b":", b",", b"{", b"}", b"\xc3", b"0", b" ", b"\n"]
            )
    return bytes(line)


def test_a_chunk_of_many_short_lines_is_judged_in_pages_as_by_itself() -> None:
    contract, good = CONTRACTS["mixed"]
    line = write(good).encode()
    seam = b"\n" * (MOST_LINES - 2)
    expect_equal(line + seam + b"x\n" + line + b"\nx\n" + line + seam + b"\n" + line, contract)


@pytest.mark.parametrize("flow", CONTRACTS)
def test_good_lines_are_vouched_for_by_their_layouts(flow: str) -> None:
    contract, good = CONTRACTS[flow]
    other = dict(reversed(list(good.items())))
    chunk = Chunk(text="\n".join([write(good), write(other), write(good, (", ", ": "))] * 20).encode(), offset=0)
    (page,) = find_pages(chunk, 1)
    parts, left = Outlines(contract, least=10).read(page)
    assert sorted(len(part.lines) for part in parts) == [20, 20, 20]
    assert not len(left)


def test_a_layout_is_learned_although_the_first_lines_are_like_no_other() -> None:
    contract, good = CONTRACTS["clickstream"]
    strange = [write({**good, "page": "x" * at, "more": at}) for at in range(30)]
    (page,) = find_pages(Chunk(text="\n".join(strange + [write(good)] * 400).encode(), offset=0), 1)
    parts, left = Outlines(contract, least=10).read(page)
    assert [len(part.lines) for part in parts] == [400]
    assert left.tolist() == list(range(30))
