"""The same rows land alike in every format that a flow may declare, whole, gzipped or as zstd."""

from __future__ import annotations

import dataclasses
import gzip
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import fastavro
import pyarrow as pa
import pytest

from functions.land_object.stage import react
from ripple.handling.shell import Finalized
from ripple.rows.contracts import Contract, read_contract
from ripple.wire.events import BronzeObjectLanded, BronzeObjectRejected
from tests.functions.checked_objects import read_checked
from tests.functions.fakes import FakeEdge, cause
from tests.ripple.rows.formats.test_avro import SCHEMA
from tests.ripple.rows.formats.test_delimited import write_csv
from tests.ripple.rows.layouts.test_layouts import FIELDS, GOOD, TIME

BRONZE, STEM = "ripple-test-bronze", "clickstream/dt=2026-01-01/part-1"
ROWS = [{**GOOD, "n": at, "y": 0.0, "r": []} for at in range(60)]
BAD = {**GOOD, "n": 60, "y": 0.0, "r": [], "s": "x" * 21}


def contract(format: str, **more: Any) -> Contract:
    moments = {**FIELDS["t"], "grammar": ["iso_zoned", "iso_naive"]}
    source = {"flow": "clickstream", "format": format, "time": TIME, "fields": {**FIELDS, "t": moments}, **more}
    return read_contract(source, format)


def as_lines(rows: Sequence[Mapping[str, Any]]) -> bytes:
    return "\n".join(map(json.dumps, rows)).encode()


def as_avro(rows: Sequence[Mapping[str, Any]]) -> bytes:
    held = io.BytesIO()
    texts = {"t": "string", "d": ["null", "string"]}
    fields = [{**field, "type": texts.get(field["name"], field["type"])} for field in SCHEMA["fields"]]
    fastavro.writer(held, {**SCHEMA, "fields": fields}, rows)
    return held.getvalue()


WRITERS: Mapping[str, Callable[[Sequence[Mapping[str, Any]]], bytes]] = {
    "jsonl": as_lines,
    "json": lambda rows: json.dumps(rows, indent=1).encode(),
    "csv": write_csv,
    "tsv": lambda rows: write_csv(rows, contract("tsv").dialect),
    "avro": as_avro,
}
LAYERS: Mapping[str, Callable[[bytes], bytes]] = {
    "": lambda data: data,
    ".gz": gzip.compress,
    ".zst": lambda data: pa.compress(data, codec="zstd", asbytes=True),
}


def land(data: bytes, suffix: str, known: Contract, encoding: str = "", **metadata: str) -> tuple[FakeEdge, Any]:
    edge = FakeEdge()
    stored = edge.objects.put(BRONZE, f"{STEM}.{suffix}", data, metadata)
    if encoding:
        edge.objects.live[BRONZE, stored.ref.name] = (dataclasses.replace(stored, content_encoding=encoding), data)
    react(
        Finalized(ref=stored.ref, size=stored.size, metadata=metadata), cause("finalize-1"), edge, lambda _flow: known
    )
    return edge, edge.publisher.sent[-1].fact


def without_source(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name in FIELDS} for row in rows]


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("format", WRITERS)
def test_rows_land_alike_in_every_format(format: str, layer: str) -> None:
    edge, fact = land(LAYERS[layer](WRITERS[format]([*ROWS, BAD])), format + layer, contract(format))
    assert isinstance(fact, BronzeObjectLanded), fact
    assert (fact.rows, fact.rows_quarantined, fact.rows_checked) == (61, 1, 60)
    found = sorted(without_source(read_checked(edge, fact.checked_uri)), key=lambda row: int(row["n"]))
    lines, fact = land(as_lines(ROWS), "jsonl", contract("jsonl"))
    assert found == sorted(without_source(read_checked(lines, fact.checked_uri)), key=lambda row: int(row["n"]))


@pytest.mark.parametrize("format", WRITERS)
def test_a_bad_row_is_in_quarantine_with_its_code(format: str) -> None:
    edge, fact = land(WRITERS[format]([*ROWS, BAD]), format, contract(format))
    (record,) = edge.objects.lines(fact.quarantine_uri)
    assert (record["code"], record["field"]) == ("out_of_range", "s")
    assert "x" * 21 in record["raw"]


def test_a_text_in_its_declared_encoding_is_read() -> None:
    known = contract("csv", dialect={"encoding": "cp1252", "delimiter": ";"})
    edge, fact = land(write_csv(ROWS, known.dialect).decode().encode("cp1252"), "csv", known)
    assert {row["s"] for row in read_checked(edge, fact.checked_uri)} == {"héllo"}


def test_what_its_encoding_cannot_mean_is_a_bad_row() -> None:
    known = contract("csv", dialect={"encoding": "ascii"})
    edge, fact = land(write_csv([*ROWS[:1], *[{**row, "s": "x", "e": "red"} for row in ROWS]]), "csv", known)
    (record,) = edge.objects.lines(fact.quarantine_uri)
    assert (record["code"], record["line"]) == ("invalid_utf8", 2)


@pytest.mark.parametrize(
    ("suffix", "format", "data", "encoding", "code"),
    [
        ("csv", "jsonl", b"a,b\n1,2\n", "", "format_unexpected"),
        ("jsonl", "csv", as_lines(ROWS), "", "format_unexpected"),
        ("csv", "csv", b"", "", "object_empty"),
        ("csv", "csv", write_csv(ROWS).partition(b"\n")[0], "", "object_empty"),
        ("csv", "csv", as_lines(ROWS), "", "header_malformed"),
        ("json", "json", b"[]", "", "object_empty"),
        ("json", "json", as_lines(ROWS), "", "json_malformed"),
        ("avro", "avro", as_lines(ROWS), "", "avro_corrupt"),
        ("csv.zst", "csv", write_csv(ROWS), "", "zstd_corrupt"),
        ("csv.zst", "csv", pa.compress(write_csv(ROWS), codec="zstd", asbytes=True)[:-20], "", "zstd_corrupt"),
        ("csv.gz", "csv", gzip.compress(write_csv(ROWS))[:-20], "", "gzip_corrupt"),
        ("csv.zst", "csv", pa.compress(write_csv(ROWS) + bytes(1 << 27), codec="zstd", asbytes=True), "", "zstd_bomb"),
        ("csv.zst", "csv", pa.compress(write_csv(ROWS), codec="zstd", asbytes=True), "gzip", "encoding_unknown"),
    ],
)
def test_what_is_not_as_it_says_is_refused_by_name(
    suffix: str, format: str, data: bytes, encoding: str, code: str
) -> None:
    _, fact = land(data, suffix, contract(format), encoding)
    assert isinstance(fact, BronzeObjectRejected)
    assert fact.code == code


def test_a_header_under_another_delimiter_says_which_was_read() -> None:
    _, fact = land(write_csv(ROWS), "csv", contract("csv", dialect={"delimiter": ";"}))
    assert "read with the delimiter ';'" in fact.reason
