"""Names of things in the lake are read strictly and built back the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripple.errors import PermanentError
from ripple.wire.paths import (
    BronzeName,
    ObjectRef,
    bronze_name,
    file_list_name,
    manifest_name,
    parse_bronze_name,
    quarantine_name,
    split_uri,
)

GOOD = {
    "sales/dt=2026-01-01/a.parquet": ("sales", "2026-01-01", "a", "parquet"),
    "clickstream/dt=2026-02-28/part-1.jsonl": ("clickstream", "2026-02-28", "part-1", "jsonl"),
    "startups/dt=2024-02-29/part.1.jsonl.gz": ("startups", "2024-02-29", "part.1", "jsonl.gz"),
    "startups/dt=2024-02-29/été 1.jsonl": ("startups", "2024-02-29", "été 1", "jsonl"),
    "sales/dt=2026-01-01/a.csv": ("sales", "2026-01-01", "a", "csv"),
    "sales/dt=2026-01-01/a.csv.zst": ("sales", "2026-01-01", "a", "csv.zst"),
    "sales/dt=2026-01-01/a.avro.gz": ("sales", "2026-01-01", "a", "avro.gz"),
}
BAD = {
    "": "path_unknown",
    "a.jsonl": "path_unknown",
    "sales/a.parquet": "path_unknown",
    "sales/dt=2026-1-1/a.parquet": "path_unknown",
    "sales/dt=2026-02-30/a.parquet": "path_unknown",
    "sales/dt=2026-01-01/b/a.parquet": "path_unknown",
    "sales/dt=2026-01-01/.parquet": "path_unknown",
    "sales/dt=2026-01-01/a.xml": "path_unknown",
    "sales/dt=2026-01-01/a.csv.bz2": "path_unknown",
    "sales/dt=2026-01-01/a.parquet.gz": "path_unknown",
    "sales/dt=2026-01-01/a.jsonl.bz2": "path_unknown",
    "parcels/dt=2026-01-01/a.jsonl": "flow_unknown",
    "/sales/dt=2026-01-01/a.parquet": "path_unsafe",
    "sales//dt=2026-01-01/a.parquet": "path_unsafe",
    "sales/../dt=2026-01-01/a.parquet": "path_unsafe",
    "sales/dt=2026-01-01/..": "path_unsafe",
    "sales/dt=2026-01-01/a\n.parquet": "path_unsafe",
    "sales/dt=2026-01-01/a.parquet\n": "path_unsafe",
    "sales/dt=2026-01-01/\ufffd.parquet": "path_unsafe",
}


@pytest.mark.parametrize("name", GOOD)
def test_a_bronze_name_is_read_and_built_back(name: str) -> None:
    flow, day, stem, kind = GOOD[name]
    assert parse_bronze_name(name) == BronzeName(flow=flow, dt=day, stem=stem, format=kind)
    assert bronze_name(flow, day, stem, kind) == name


@pytest.mark.parametrize("name", BAD)
def test_another_name_is_refused(name: str) -> None:
    with pytest.raises(PermanentError) as caught:
        parse_bronze_name(name)
    assert caught.value.code == BAD[name]


@given(st.text(max_size=60))
def test_any_name_is_read_or_refused(name: str) -> None:
    try:
        read = parse_bronze_name(name)
    except PermanentError:
        return
    assert bronze_name(read.flow, read.dt, read.stem, read.format) == name


@pytest.mark.parametrize(
    "uri", ["", "a", "gs://", "gs://bucket", "gs://bucket/", "s3://bucket/a", "gs://Bucket/a", "gs:///a"]
)
def test_what_is_no_object_uri_is_refused(uri: str) -> None:
    with pytest.raises(PermanentError, match="uri_malformed"):
        split_uri(uri)


def test_a_uri_is_split_and_built_back() -> None:
    assert split_uri("gs://my-bucket/a/b#c d") == ("my-bucket", "a/b#c d")
    assert ObjectRef(bucket="my-bucket", name="a/b#c d", generation=1).uri == "gs://my-bucket/a/b#c d"


def test_the_key_of_a_file_is_its_bucket_name_and_generation() -> None:
    refs = [ObjectRef(bucket=b, name=n, generation=g) for b in ("aa1", "aa2") for n in ("x", "y") for g in (1, 2)]
    assert len({ref.key for ref in refs}) == len(refs)


def test_quarantine_and_file_lists_have_their_names() -> None:
    name = parse_bronze_name("startups/dt=2024-02-29/a.jsonl.gz")
    assert quarantine_name(name, 17) == "startups/dt=2024-02-29/a-17.jsonl"
    assert file_list_name(7, 3, 0) == "batches/batch=7/epoch=3/part=0/files.jsonl"
    assert manifest_name(7, 3, 0, "sales") == "manifests/batch=7/epoch=3/part=0/sales.txt"
