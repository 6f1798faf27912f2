"""Every record is read from its golden document and written back as it was; so is what earlier releases wrote."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml

from ripple.errors import RetryableError
from ripple.rows.tagged_json import write_tagged
from ripple.state.catalogue import STATE
from ripple.state.collection import Collection
from ripple.state.records import UNKNOWN, is_required
from ripple.wire.events import BronzeObjectLanded, BronzeObjectRejected
from tests.ripple.state.golden import a_bare_record, read_earlier, read_whole

WHOLE, EARLIER = read_whole(), read_earlier()
DEFAULTS = yaml.safe_load((Path(__file__).parent / "defaults.yaml").read_text())
VERSIONS = {f"{name}.v{version}": kept for name, kept in STATE.items() for version in (*kept.older, kept.version)}


def fields_of(kept: Collection[Any]) -> set[str]:
    return {field.name for field in dataclasses.fields(kept.record)} - {UNKNOWN}


def test_every_version_of_every_collection_has_a_golden_document() -> None:
    assert set(WHOLE) == set(VERSIONS)


@pytest.mark.parametrize("name", WHOLE)
def test_a_golden_document_has_every_field(name: str) -> None:
    assert set(WHOLE[name]) == fields_of(VERSIONS[name]) | {"version"}


@pytest.mark.parametrize("name", WHOLE)
def test_a_record_is_written_as_it_was_read(name: str) -> None:
    kept, document = VERSIONS[name], WHOLE[name]
    record = kept.read("c/id", document)
    assert record.unknown == {}
    assert write_tagged(kept.write(record)) == write_tagged(document)


@pytest.mark.parametrize("file", EARLIER)
def test_what_an_earlier_release_wrote_is_read_and_none_of_it_is_lost(file: str) -> None:
    name, document = EARLIER[file]
    kept = STATE[name]
    written = kept.write(kept.read("c/id", document))
    held = {field: value for field, value in document.items() if value is not None}
    assert write_tagged({field: written[field] for field in held}) == write_tagged(held)


@pytest.mark.parametrize("name", WHOLE)
def test_what_a_newer_release_added_is_written_back(name: str) -> None:
    kept, more = VERSIONS[name], {"added_later": [1, {"x": None}]}
    assert kept.write(kept.read("c/id", WHOLE[name] | more)) == kept.write(kept.read("c/id", WHOLE[name])) | more


@pytest.mark.parametrize("name", WHOLE)
def test_all_that_is_wrong_is_named_with_the_path(name: str) -> None:
    kept = VERSIONS[name]
    with pytest.raises(RetryableError) as caught:
        kept.read("c/id", {field: {1, 2} for field in fields_of(kept)})
    assert str(caught.value).startswith("c/id cannot be read: ")
    named = {reason.split()[0] for reason in str(caught.value).removeprefix("c/id cannot be read: ").split("; ")}
    assert named == fields_of(kept)


@pytest.mark.parametrize("name", STATE)
def test_a_record_of_which_nothing_more_is_said_has_its_defaults(name: str) -> None:
    kept, record = STATE[name], a_bare_record(name)
    required = {field.name for field in dataclasses.fields(record) if is_required(field)}
    written = kept.write(record)
    assert {field: value for field, value in written.items() if field not in {*required, "version"}} == DEFAULTS[name]


def test_a_document_of_a_later_version_waits_for_the_release_that_reads_it() -> None:
    with pytest.raises(RetryableError, match=r"files/a is of version 2; this release reads 1"):
        STATE["files"].read("files/a", WHOLE["files.v1"] | {"version": 2})


def test_a_document_without_a_version_is_of_the_first() -> None:
    document = {name: value for name, value in WHOLE["files.v1"].items() if name != "version"}
    assert STATE["files"].read("files/a", document).batch == 7


def test_a_files_fact_is_of_the_kind_that_its_state_says() -> None:
    files = STATE["files"]
    assert isinstance(files.read("f", EARLIER["file-that-waits"][1]).verdict, BronzeObjectLanded)
    assert isinstance(files.read("f", EARLIER["file-that-was-rejected"][1]).verdict, BronzeObjectRejected)


def test_a_head_of_a_store_where_nothing_ran_starts_at_batch_1() -> None:
    head = STATE["elt-head"].record()
    assert STATE["elt-head"].write(head) == {
        "run": None,
        "epoch": 0,
        "next": 1,
        "replays": [],
        "starts": {"noted": [], "most": 0},
        "incidents": [],
        "holds": [],
        "trial_files": [],
        "version": 1,
    }


def test_the_bounds_of_a_plan_are_ids_or_moments() -> None:
    exports = STATE["exports"]
    assert exports.read("e", WHOLE["exports.v1"]).bounds[1] == "o-4"
    moments = exports.read("e", EARLIER["plan-of-a-window"][1]).bounds
    assert moments[1] == dt.datetime(2026, 3, 1, 6, tzinfo=dt.UTC)
