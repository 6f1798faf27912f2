"""Rows that are decoded already are sorted as their lines would be."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest

from ripple.rows.contracts.lines import hash_line
from ripple.rows.judged import DecodedRow, judge_decoded
from tests.ripple.rows.layouts.reference import Judged, judge_singly, list_accepted
from tests.ripple.rows.layouts.test_layouts import CONTRACTS, LITERALS, with_literal


def write_again(lines: list[bytes]) -> list[tuple[bytes, Any]]:
    """Those that hold a JSON value, as one writer writes it, with the value. The scar of a lost byte is the line's, not the value's."""
    found = []
    for line in lines:
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        found.append((orjson.dumps(row), row))
    return [(line, row) for line, row in found if "\ufffd".encode() not in line]


@pytest.mark.parametrize("flow", CONTRACTS)
def test_decoded_rows_are_judged_as_their_lines(flow: str) -> None:
    contract, good = CONTRACTS[flow]
    rows = write_again([with_literal(good, name, text) for name in good for text in LITERALS])
    data = b"\n".join(line for line, _ in rows)
    slow = judge_singly(data, contract)
    offsets = [0]
    for line, _ in rows:
        offsets.append(offsets[-1] + len(line) + 1)
    page = judge_decoded(
        [
            DecodedRow(line=at + 1, offset=offsets[at], row=row, line_hash=hash_line(line.decode()), raw=line.decode())
            for at, (line, row) in enumerate(rows)
        ],
        contract,
    )
    assert Judged(page.rows, list_accepted(page.accepted, contract), []) == Judged(slow.lines, slow.accepted, [])
    assert [(at, type(found), found.line) for at, found in page.odd] == [
        (at, type(found), found.line) for at, found in slow.odd
    ]
    assert json.dumps([getattr(found, "violation", None) for _, found in page.odd], default=str) == json.dumps(
        [getattr(found, "violation", None) for _, found in slow.odd], default=str
    )
