"""What was refused can be browsed: objects with counts by code, rows with line, offset, code and raw text."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import pytest

from functions.land_object.stage import land
from ripple.deployment.settings import read_settings
from ripple.gateways.edge import Edge
from ripple.handling.stating import Cause
from ripple.wire.paths import ObjectRef
from tests.cli.conftest import Laptop
from tests.ripple.rows.sample_rows import a_click

GOOD = json.dumps(a_click()).encode()
BAD = b'{"event_id": "\x7f\x1b[2J"'
MIXED = b"\n".join([GOOD] * 25 + [BAD] + [GOOD] * 25 + [b"{}"]) + b"\n"


@pytest.fixture(scope="module")
def objects(laptop: Laptop) -> dict[str, str]:
    """Three objects of two days, landed or rejected by the real stage: `mixed`, `good` and `poor`."""
    edge = Edge(read_settings(laptop.clients.environ))
    bucket = laptop.clients.storage.bucket(f"{laptop.clients.project}-bronze")
    uris = {}
    bodies = {"mixed": ("01", MIXED), "good": ("01", GOOD), "poor": ("02", BAD)}
    for name, (day, body) in bodies.items():
        blob = bucket.blob(f"clickstream/dt=2026-01-{day}/{name}.jsonl")
        blob.upload_from_string(body)
        ref = ObjectRef(bucket=bucket.name, name=blob.name, generation=int(blob.generation))
        at = dt.datetime(2026, 1, 3, tzinfo=dt.UTC)
        land(ref, Cause(event_id="e", correlation_id="c", time=at), edge)
        uris[name] = ref.uri
    return uris


def test_objects_with_refused_rows_are_listed_with_counts_by_code(laptop: Laptop, objects: dict[str, str]) -> None:
    mixed, poor = laptop.ripple("quarantine", "--to", "2026-02-01")["objects"]
    assert (mixed["object"], mixed["state"], mixed["rows"], mixed["rows_quarantined"]) == (
        objects["mixed"],
        "landed",
        52,
        2,
    )
    assert mixed["codes"] == {"malformed_json": 1, "missing_field": 1}
    assert (poor["object"], poor["state"], poor["rejected"]) == (objects["poor"], "rejected", "too_many_bad_rows")


@pytest.mark.usefixtures("objects")
@pytest.mark.parametrize(
    ("words", "count"),
    [
        (("--flow", "clickstream"), 2),
        (("--flow", "sales"), 0),
        (("--from", "2026-01-02"), 1),
        (("--to", "2026-01-02"), 1),
        (("--limit", "1"), 1),
    ],
)
def test_the_list_can_be_narrowed(laptop: Laptop, words: tuple[str, ...], count: int) -> None:
    # Other files of this session leave objects of later days.
    last = () if "--to" in words else ("--to", "2026-02-01")
    assert len(laptop.ripple("quarantine", *words, *last)["objects"]) == count


def test_an_object_whose_quarantine_is_gone_is_listed_as_that(laptop: Laptop) -> None:
    bucket = laptop.clients.storage.bucket(f"{laptop.clients.project}-bronze")
    blob = bucket.blob("clickstream/dt=2026-03-01/lost.jsonl")
    blob.upload_from_string(MIXED)
    ref = ObjectRef(bucket=bucket.name, name=blob.name, generation=int(blob.generation))
    cause = Cause(event_id="e", correlation_id="c", time=dt.datetime(2026, 1, 3, tzinfo=dt.UTC))
    land(ref, cause, Edge(read_settings(laptop.clients.environ)))
    (one,) = laptop.ripple("quarantine", "--from", "2026-03-01")["objects"]
    assert not one["quarantine_gone"]
    laptop.clients.storage.bucket(f"{laptop.clients.project}-quarantine").blob(
        one["quarantine_uri"].split("/", 3)[3]
    ).delete()
    (one,) = laptop.ripple("quarantine", "--from", "2026-03-01")["objects"]
    assert (one["quarantine_gone"], one["codes"], one["rows_quarantined"]) == (True, {}, 2)
    shown = laptop.ripple("quarantine", "show", ref.uri)
    assert (shown["quarantine_gone"], shown["rows"]) == (True, [])


def test_rows_are_shown_by_their_object_or_by_where_they_are_kept(laptop: Laptop, objects: dict[str, str]) -> None:
    shown = laptop.ripple("quarantine", "show", objects["mixed"])
    first, second = shown["rows"]
    assert (first["line"], first["offset"], first["code"]) == (26, 25 * (len(GOOD) + 1), "malformed_json")
    assert MIXED[first["offset"] :].startswith(BAD)
    assert first["raw"] == BAD.decode()
    assert (second["line"], second["code"]) == (52, "missing_field")
    assert set(shown["codes"]) == {"malformed_json", "missing_field"}
    assert laptop.ripple("quarantine", "show", shown["quarantine_uri"])["rows"] == shown["rows"]
    assert len(laptop.ripple("quarantine", "show", objects["mixed"], "--limit", "1")["rows"]) == 1


def test_raw_text_does_not_steer_the_terminal(laptop: Laptop, objects: dict[str, str]) -> None:
    text = laptop.say("quarantine", "show", objects["mixed"])
    assert "\x1b" not in text
    assert "line 26, byte" in text
    assert "\\x1b[2J" in text


def test_a_rejected_object_says_why_and_what_to_do(laptop: Laptop, objects: dict[str, str]) -> None:
    shown = laptop.ripple("quarantine", "show", objects["poor"])
    assert shown["rejected"] == "too_many_bad_rows"
    assert "ripple replay --object" in shown["codes"]["too_many_bad_rows"]["next_step"]


def test_an_object_without_bad_rows_has_none(laptop: Laptop, objects: dict[str, str]) -> None:
    assert laptop.ripple("quarantine", "show", objects["good"])["rows"] == []


@pytest.fixture
def broken(laptop: Laptop, objects: dict[str, str]) -> Iterator[str]:
    """The good object, of which a run refused a row; as the runs' own view shows it."""
    client, uri = laptop.clients.bigquery, objects["good"]
    client.create_dataset("silver", exists_ok=True)
    generation = laptop.clients.storage.bucket(uri.split("/")[2]).get_blob(uri.split("/", 3)[3]).generation
    client.query_and_wait(
        f"""CREATE TABLE silver.rejected_rows AS SELECT '{uri}' AS source_uri, {generation} AS source_generation,
        CAST(NULL AS INT64) AS line, 90 AS `offset`, 'net_adds_up' AS code, CAST(NULL AS STRING) AS field,
        'the row breaks the rule net_adds_up' AS message, '{{"net_cents": 7}}' AS raw"""
    )
    yield uri
    client.delete_table("silver.rejected_rows")


def test_a_row_that_a_run_refused_is_listed_and_shown_beside_those_of_landing(laptop: Laptop, broken: str) -> None:
    listed = {one["object"]: one for one in laptop.ripple("quarantine")["objects"]}
    assert (listed[broken]["codes"], listed[broken]["rows_quarantined"]) == ({"net_adds_up": 1}, 1)
    (row,) = laptop.ripple("quarantine", "show", broken)["rows"]
    assert (row["line"], row["offset"], row["code"], row["raw"]) == (None, 90, "net_adds_up", '{"net_cents": 7}')
    assert "byte 90: net_adds_up: the row breaks the rule" in laptop.say("quarantine", "show", broken)


def test_an_object_that_is_not_there_is_refused(laptop: Laptop, objects: dict[str, Any]) -> None:
    assert "object_missing" in laptop.ripple("quarantine", "show", objects["good"] + "x", code=1)
    assert "uri_malformed" in laptop.ripple("quarantine", "show", "good.jsonl", code=1)
