"""What is forgotten goes out of the buckets: by object as a whole, by key row by row; neighbours keep all that they have."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Mapping
from typing import Any

import pyarrow.parquet as pq
import pytest

from cli.erasing import await_tombstones, describe, erase, plan_erasure
from cli.replaying import compose_forgetting
from functions.land_object.stage import land
from ripple.deployment.settings import read_settings
from ripple.errors import RetryableError
from ripple.gateways.edge import Edge
from ripple.handling.stating import Cause
from ripple.replaying.forgetting import write_tombstones
from ripple.state.files import FILES
from ripple.wire.events import BronzeObjectLanded
from ripple.wire.paths import ObjectRef, split_uri
from tests.cli.conftest import Laptop
from tests.ripple.rows.sample_rows import a_click

NOW = dt.datetime(2026, 1, 3, tzinfo=dt.UTC)


def put(laptop: Laptop, name: str, *lines: Any) -> BronzeObjectLanded:
    """An object of clickstream that the real stage landed."""
    edge = Edge(read_settings(laptop.clients.environ))
    bucket = laptop.clients.storage.bucket(f"{laptop.clients.project}-bronze")
    blob = bucket.blob(f"clickstream/dt=2026-02-01/{name}.jsonl")
    blob.upload_from_string("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    ref = ObjectRef(bucket=bucket.name, name=blob.name, generation=int(blob.generation))
    land(ref, Cause(event_id="e", correlation_id="c", time=NOW), edge)
    return FILES.expect(edge.documents, ref.key).landed


def is_there(laptop: Laptop, uri: str | None) -> bool:
    bucket, name = split_uri(str(uri))
    return bool(laptop.clients.storage.bucket(bucket).blob(name).exists())


def read(laptop: Laptop, uri: str | None) -> bytes:
    bucket, name = split_uri(str(uri))
    return bytes(laptop.clients.storage.bucket(bucket).blob(name).download_as_bytes())


def take_out(laptop: Laptop, command: Mapping[str, Any], key: str = "") -> dict[str, list[str]]:
    found = plan_erasure(laptop.clients.environ, command, key)
    erase(laptop.clients.environ, found)
    return describe(found)


def many(prefix: str) -> list[dict[str, Any]]:
    return [a_click(event_id=f"{prefix}-{number}") for number in range(50)]


def test_an_object_goes_with_what_was_kept_of_it(laptop: Laptop) -> None:
    gone, stays = put(laptop, "gone", *many("g"), "bad"), put(laptop, "stays", *many("s"))
    found = take_out(laptop, compose_forgetting(uris=[gone.uri], batch=0, key=("", "")))
    assert found["deletes"] == [gone.uri, gone.checked_uri, gone.quarantine_uri]
    assert not any(is_there(laptop, uri) for uri in (gone.uri, gone.checked_uri, gone.quarantine_uri))
    assert is_there(laptop, stays.uri)
    assert is_there(laptop, stays.checked_uri)


def test_a_key_goes_row_by_row(laptop: Laptop) -> None:
    bad = json.dumps(a_click(event_id="k-7") | {"device": "fridge"})
    holds, other = put(laptop, "holds", *many("k"), bad), put(laptop, "other", *many("o"))
    before = read(laptop, other.checked_uri)
    command = compose_forgetting(uris=[], batch=0, key=("clickstream", "k-7"))
    found = take_out(laptop, command, "k-7")
    assert found == {"deletes": [holds.uri], "empties": [holds.checked_uri, holds.quarantine_uri], "keeps": []}
    rows = pq.read_table(io.BytesIO(read(laptop, holds.checked_uri))).to_pylist()
    assert len(rows) == 50
    assert sorted(row["event_id"] for row in rows if row["occurred_at"]) == sorted(
        {f"k-{n}" for n in range(50)} - {"k-7"}
    )
    assert b"k-7" not in read(laptop, holds.quarantine_uri)
    assert read(laptop, other.checked_uri) == before
    assert take_out(laptop, command, "k-7") == {"deletes": [], "empties": [], "keeps": []}


def test_a_dry_run_lists_and_erases_nothing(laptop: Laptop) -> None:
    fact = put(laptop, "dry", *many("d"))
    said = laptop.ripple("forget", "--key", "clickstream", "d-1", "--erase", "--dry-run")
    assert said["erases"]["empties"] == [fact.checked_uri]
    assert said["erases"]["deletes"] == [fact.uri]
    assert dt.date.fromisoformat(said["erases"]["time_travel_until"])
    assert is_there(laptop, fact.uri)
    assert "d-1" not in json.dumps({name: said[name] for name in ("targets", "replay_id")})


def test_nothing_is_erased_before_its_tombstone(laptop: Laptop) -> None:
    fact = put(laptop, "waits", *many("w"))
    environ = laptop.clients.environ
    with pytest.raises(RetryableError, match="not erased yet"):
        await_tombstones(environ, [fact.uri], 0.1)
    write_tombstones([fact.uri], "replay-1", NOW, Edge(read_settings(environ)))
    await_tombstones(environ, [fact.uri], 5)
