"""Edited records of quarantine go back to Bronze, joined to where they come from, or are named and stay."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud.storage import Client

import laptop.storage.server
from cli.correcting import drop_correction, read_records, write_lines
from cli.tracing import describe_drift
from laptop.tests.conftest import launch, servers
from ripple.rows.contracts.corrections import CORRECTS_KEY
from tests.ripple.rows.sample_rows import a_startup
from tests.ripple.state.golden import a_record

__all__ = ["launch", "servers"]
PROJECT = "demo-proj"
ORIGIN = f"gs://{PROJECT}-bronze/startups/dt=2026-01-01/a.jsonl.gz"
NAME = "startups/dt=2026-01-01/a-7.jsonl"
PLACE = f"gs://{PROJECT}-quarantine/{NAME}"


def record(line: int, **changed: Any) -> dict[str, Any]:
    known = {"flow": "startups", "object": ORIGIN, "generation": 7, "line": line, "raw": json.dumps(a_startup())}
    return known | changed


KEPT = [record(2), record(5)]


@pytest.fixture(scope="module")
def storage(launch: Callable[..., Any]) -> Iterator[Client]:
    before = os.environ.get("STORAGE_EMULATOR_HOST")
    os.environ["STORAGE_EMULATOR_HOST"] = f"http://{launch(laptop.storage.server.start).address}"
    client = Client(project=PROJECT, credentials=AnonymousCredentials())  # type: ignore[no-untyped-call]
    for kind in ("bronze", "quarantine"):
        client.bucket(f"{PROJECT}-{kind}").create(location="us-central1")
    client.bucket(f"{PROJECT}-quarantine").blob(NAME).upload_from_string(lines(*KEPT))
    yield client
    os.environ.pop("STORAGE_EMULATOR_HOST")
    os.environ.update({"STORAGE_EMULATOR_HOST": before} if before else {})


def lines(*records: Any) -> str:
    return "".join(json.dumps(each) + "\n" for each in records)


def drop(tmp_path: Path, text: str, place: str = PLACE) -> str:
    file = tmp_path / "fixed.jsonl"
    file.write_text(text)
    return drop_correction({"GOOGLE_CLOUD_PROJECT": PROJECT}, file, place)


def test_a_correction_is_beside_its_origin_and_says_whose_it_is(storage: Client, tmp_path: Path) -> None:
    uri = drop(tmp_path, lines(record(5)))
    assert uri.startswith(f"gs://{PROJECT}-bronze/startups/dt=2026-01-01/a-corrected-")
    blob = storage.bucket(f"{PROJECT}-bronze").get_blob(uri.split("/", 3)[3])
    assert blob.metadata == {CORRECTS_KEY: PLACE}
    assert json.loads(blob.download_as_bytes()) == {"_corrects": 5} | a_startup()


def test_the_same_correction_twice_is_one_object(storage: Client, tmp_path: Path) -> None:
    first = drop(tmp_path, lines(record(2)))
    generation = storage.bucket(f"{PROJECT}-bronze").get_blob(first.split("/", 3)[3]).generation
    assert drop(tmp_path, lines(record(2))) == first
    assert storage.bucket(f"{PROJECT}-bronze").get_blob(first.split("/", 3)[3]).generation == generation


@pytest.mark.parametrize(
    ("text", "place", "wrong"),
    [
        (lines(record(3)), PLACE, f"not in {PLACE}: line 3"),
        (lines(record(5)), f"gs://{PROJECT}-bronze/{NAME}", "is not in quarantine"),
        (lines(record(5)), PLACE.replace("a-7", "a-8"), "does not exist; ripple where"),
        (lines(record(5))[:-5], PLACE, r"fixed\.jsonl, line 1: no JSON"),
    ],
)
def test_what_cannot_be_dropped_is_named_and_nothing_is_dropped(
    storage: Client, tmp_path: Path, text: str, place: str, wrong: str
) -> None:
    before = [blob.name for blob in storage.list_blobs(f"{PROJECT}-bronze")]
    with pytest.raises(ValueError, match=wrong):
        drop(tmp_path, text, place)
    assert [blob.name for blob in storage.list_blobs(f"{PROJECT}-bronze")] == before


@pytest.mark.parametrize(
    ("records", "wrong"),
    [
        ([record(2), record(3), record(4)], "line 3, 4"),
        ([record(2, object=ORIGIN + "x")], "line 2"),
        ([record(2) | {"line": [2]}], r"line \[2\]"),
        ([{"raw": "{}"}], "line None"),
        ([], "no record"),
    ],
)
def test_records_of_another_place_are_strays(records: list[dict[str, Any]], wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        write_lines(records, KEPT, PLACE)


def test_sales_are_corrected_in_firestore() -> None:
    with pytest.raises(ValueError, match="correct the order in Firestore"):
        write_lines([record(2)], [record(2, flow="sales")], PLACE)


def test_blank_lines_are_no_records_and_other_json_is_none() -> None:
    assert read_records(b'\n{"a": 1}\n \n', "f") == [{"a": 1}]
    for junk in (b"[1]", b"null", b"[" * 100_000, b"\xff"):
        with pytest.raises(ValueError, match="f, line 2"):
            read_records(b'{"a": 1}\n' + junk, "f")


def test_drift_is_shown_in_words() -> None:
    drifts = [
        {"field": "note", "kind": "new_field", "seen": "string", "rows": 3, "first_line": 1},
        {
            "field": "dwell_ms",
            "kind": "changed_type",
            "declared": "integer",
            "seen": "string",
            "rows": 1,
            "first_line": 1,
        },
    ]
    found = a_record("files").drift
    drift = replace(found, policy={"new_field": "evolve"}, drifts=drifts, drifts_further=2)
    assert describe_drift(drift) == [
        "new_field note (string) in 3 rows: evolve",
        "changed_type dwell_ms (integer to string) in 1 rows: quarantine",
        "and others, 2 times",
    ]
