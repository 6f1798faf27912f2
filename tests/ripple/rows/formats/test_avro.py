"""Avro files are read as the rows they hold, whatever their codec; what they promise and do not hold is refused."""

from __future__ import annotations

import datetime as dt
import decimal
import io
import json
import random
from contextlib import suppress
from typing import Any

import fastavro
import pytest

from ripple.errors import PermanentError
from ripple.rows.contracts.lines import BadLine
from ripple.rows.formats.avro import MAX_BLOCK_BYTES, judge_avro
from ripple.rows.formats.plain import to_plain
from tests.ripple.rows.layouts.reference import Judged, judge_singly, list_accepted
from tests.ripple.rows.layouts.test_layouts import CONTRACTS, GOOD, write

CONTRACT = CONTRACTS["mixed"][0]
ITEM = {
    "type": "record",
    "name": "item",
    "fields": [
        {"name": "sku", "type": "string"},
        {"name": "q", "type": "int"},
        {"name": "note", "type": ["null", "string"], "default": None},
    ],
}
SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "row",
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "word", "type": ["null", "string"]},
        {"name": "token", "type": ["null", "string"]},
        {"name": "n", "type": "long"},
        {"name": "u", "type": ["null", "int"]},
        {"name": "x", "type": "double"},
        {"name": "y", "type": ["null", "double"]},
        {"name": "b", "type": ["null", "boolean"]},
        {"name": "t", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "d", "type": ["null", {"type": "int", "logicalType": "date"}]},
        {"name": "e", "type": ["null", "string"]},
        {"name": "s", "type": "string"},
        {"name": "l", "type": ["null", {"type": "array", "items": "string"}]},
        {"name": "r", "type": {"type": "array", "items": ITEM}},
    ],
}
AT = dt.datetime(2025, 11, 4, 12, 19, 8, 344000, tzinfo=dt.UTC)
ROW = {**GOOD, "t": AT, "d": dt.date(2025, 11, 4), "y": 0.0, "r": [{"sku": "x", "q": 1, "note": None}]}
PLAIN = {**ROW, "t": "2025-11-04T12:19:08.344Z", "d": "2025-11-04"}


def written(rows: list[dict[str, Any]], codec: str = "null", schema: dict[str, Any] = SCHEMA) -> bytes:
    held = io.BytesIO()
    fastavro.writer(held, schema, rows, codec=codec, sync_interval=2_000)
    return held.getvalue()


def judge(data: bytes) -> Judged:
    accepted, odd, rows = [], [], 0
    for page in judge_avro(io.BytesIO(data), "gs://b/x.avro", CONTRACT):
        odd += [(rows + at, found) for at, found in page.odd]
        rows += page.rows
        accepted += list_accepted(page.accepted, CONTRACT)
    return Judged(rows, accepted, odd)


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2", "xz"])
def test_rows_of_any_codec_are_read_as_their_lines_are(codec: str) -> None:
    rows = [{**ROW, "n": at, "word": None if at % 3 else f"w{at}"} for at in range(200)]
    lines = "\n".join(write({**PLAIN, "n": row["n"], "word": row["word"]}) for row in rows)
    found, expected = judge(written(rows, codec)), judge_singly(lines.encode(), CONTRACT)
    assert [values for *_, values in found.accepted] == [values for *_, values in expected.accepted]
    assert [at for at, *_ in found.accepted] == list(range(200))


def test_a_row_out_of_contract_is_set_apart_by_its_number() -> None:
    found = judge(written([ROW, {**ROW, "id": "NO"}, {**ROW, "t": AT + dt.timedelta(days=4000)}, ROW]))
    assert [(at, bad.line, bad.violation.code) for at, bad in found.odd if isinstance(bad, BadLine)] == [
        (2, 2, "out_of_range"),
        (3, 3, "implausible_time"),
    ]
    assert len(found.accepted) == 2


WHOLE = written([ROW] * 50)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"Obj\x01",
        b"PAR1" + WHOLE[4:],
        WHOLE[:-1],
        WHOLE[: len(WHOLE) // 2],
        WHOLE[:-16] + bytes(16),
        WHOLE + b"x",
        written([ROW], schema=SCHEMA).replace(b"null", b"lz99", 1),
    ],
    ids=["empty", "no header", "other magic", "cut", "half", "other marker", "more", "other codec"],
)
def test_what_is_no_whole_file_is_refused(data: bytes) -> None:
    with pytest.raises(PermanentError) as caught:
        judge(data)
    assert caught.value.code == "avro_corrupt"


def test_a_block_that_inflates_without_end_is_refused() -> None:
    schema = {"type": "record", "name": "row", "fields": [{"name": "id", "type": "string"}]}
    with pytest.raises(PermanentError, match="inflates past"):
        judge(written([{"id": "0" * (MAX_BLOCK_BYTES + 1)}], "deflate", schema))


def test_a_block_that_promises_rows_of_nothing_is_refused() -> None:
    schema = {"type": "record", "name": "row", "fields": []}
    with pytest.raises(PermanentError, match="promises 1000 records"):
        judge(written([{}] * 1000, schema=schema))


def test_random_damage_is_refused_or_read_and_never_raises_otherwise() -> None:
    dice = random.Random(7)
    for _ in range(300):
        data = bytearray(WHOLE)
        data[dice.randrange(len(data))] = dice.randrange(256)
        with suppress(PermanentError):
            judge(bytes(data))


def test_logical_types_become_what_json_has_for_them() -> None:
    plain = to_plain(
        {"a": decimal.Decimal("5"), "b": decimal.Decimal("0.5"), "c": decimal.Decimal("0.1") ** 20, "d": dt.time(1, 2)},
        CONTRACT,
    )
    assert json.dumps(plain) == '{"a": 5, "b": 0.5, "c": 1e-20, "d": "01:02:00"}'
