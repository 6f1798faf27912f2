"""Objects are whole, are never written twice, and are listed in order."""

from __future__ import annotations

import gzip
import io
from typing import Any

import pytest

from ripple.errors import PermanentError
from ripple.wire.paths import ObjectRef
from tests.ripple.ports.conftest import Ports

BUCKET = "ripple-test-bronze"


@pytest.fixture
def objects(ports: Ports) -> Any:
    return ports.get("objects")


def test_what_was_created_is_read_back_whole(objects: Any) -> None:
    stored = objects.create(BUCKET, "whole/a", b"12345", {"k": "v"})
    assert (stored.size, dict(stored.metadata), stored.created.tzinfo is not None) == (5, {"k": "v"}, True)
    assert objects.stat(BUCKET, "whole/a") == stored
    assert objects.stat(BUCKET, "whole/a", stored.ref.generation) == stored
    assert objects.read(stored.ref) == b"12345"
    reader = objects.open(stored.ref)
    assert (reader.seek(2), reader.read(2)) == (2, b"34")


def test_a_file_is_written_from_its_beginning(objects: Any) -> None:
    source = io.BytesIO(b"whole file")
    source.read()
    assert objects.read(objects.create(BUCKET, "whole/b", source, {}).ref) == b"whole file"


def test_what_exists_is_never_rewritten(objects: Any) -> None:
    first = objects.create(BUCKET, "once/a", b"first", {})
    assert objects.create(BUCKET, "once/a", b"second", {}).ref == first.ref
    assert objects.read(first.ref) == b"first"


@pytest.mark.parametrize("call", ["stat", "read"])
def test_an_object_or_generation_that_is_not_there_can_never_work(objects: Any, call: str) -> None:
    stored = objects.create(BUCKET, "missing/a", b"1", {})
    for name, generation in (("missing/b", 1), ("missing/a", stored.ref.generation + 1)):
        ref = ObjectRef(bucket=BUCKET, name=name, generation=generation)
        with pytest.raises(PermanentError, match="object_missing"):
            objects.read(ref) if call == "read" else objects.stat(BUCKET, name, generation)


def test_a_listing_is_in_order_and_goes_on_where_it_stopped(objects: Any) -> None:
    for name in ("list/c", "list/a", "list/b", "list/b2", "other/a"):
        objects.create(BUCKET, name, b"1", {})

    def names(**more: Any) -> list[str]:
        return [stored.ref.name for stored in objects.list(BUCKET, "list/", **more)]

    assert names() == ["list/a", "list/b", "list/b2", "list/c"]
    assert names(limit=2) == ["list/a", "list/b"]
    assert names(after="list/b", limit=2) == ["list/b2", "list/c"]
    assert names(after="list/c") == []


def test_an_object_in_gzip_is_read_as_it_is_stored(laptop_edge: dict[str, Any]) -> None:
    """Cloud Storage inflates it on the way for a client that does not ask for the stored bytes."""
    stored = gzip.compress(b"text\n" * 1000)
    blob = laptop_edge["buckets"].bucket(BUCKET).blob("zipped/a.jsonl")
    blob.content_encoding = "gzip"
    blob.upload_from_string(stored)
    found = laptop_edge["objects"].stat(BUCKET, "zipped/a.jsonl")
    assert (found.content_encoding, found.size) == ("gzip", len(stored))
    assert laptop_edge["objects"].read(found.ref) == stored
    reader = laptop_edge["objects"].open(found.ref)
    assert (reader.read(), reader.seek(2), reader.read(3)) == (stored, 2, stored[2:5])
