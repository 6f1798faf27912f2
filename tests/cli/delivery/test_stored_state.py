"""What a checkout's code would make of the documents that a deployed release has stored."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.delivery.changes import Change
from cli.delivery.comparing import compare
from cli.delivery.deploying import describe_remains
from cli.delivery.manifest import ReleaseManifest, read_manifest
from cli.delivery.reporting import describe_area
from cli.delivery.stored_state import compare_record, compare_state
from cli.provisioning.sequence import ROOT
from ripple.state.catalogue import STATE

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "state.yaml").read_text())
SCHEMAS = {
    path.stem: json.loads(path.read_text()) for path in sorted((ROOT / "docs" / "schemas" / "state").glob("*.json"))
}
OLD = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}


def changes_of(old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    return compare(ReleaseManifest(state=old), ReleaseManifest(state=new)).of("state")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_difference_says_whether_what_is_stored_is_read(case: Any) -> None:
    assert [list(found) for found in compare_record(case["old"], case["new"])] == case["said"]


def test_the_schemas_of_this_checkout_read_their_own_documents() -> None:
    assert {title.rpartition(".v")[0] for title in SCHEMAS} == set(STATE)
    assert list(compare_state(SCHEMAS, deepcopy(SCHEMAS))) == []


@pytest.mark.parametrize("title", SCHEMAS)
def test_a_field_that_stored_documents_lack_is_refused_in_every_collection(title: str) -> None:
    changed = deepcopy(SCHEMAS)
    changed[title]["properties"]["weight"] = {"type": "integer", "description": "How heavy."}
    (free,) = changes_of(SCHEMAS, changed)
    assert (free.name, free.details, free.refused) == (title, ("field weight is new",), "")
    changed[title]["required"].append("weight")
    (refused,) = changes_of(SCHEMAS, changed)
    version = int(title.rpartition(".v")[2])
    assert "documents of " + title + " that are stored could not be read; give a new field a default" in refused.refused
    assert f"or write {title.removesuffix(str(version))}{version + 1} and keep the record of {title}" in refused.refused


def test_a_state_word_that_is_gone_is_refused() -> None:
    changed = deepcopy(SCHEMAS)
    changed["files.v1"]["properties"]["state"]["enum"].remove("rejected")
    (change,) = changes_of(SCHEMAS, changed)
    assert change.refused.startswith("field state loses rejected, which may be stored: documents of files.v1")


def test_a_new_version_is_added_while_the_old_one_is_still_read() -> None:
    (change,) = changes_of({"x.v1": OLD}, {"x.v1": OLD, "x.v2": OLD})
    assert (change.kind, change.name, change.refused) == ("added", "x.v2", "")
    assert "rollback" in change.details[0]
    assert describe_remains(
        compare(ReleaseManifest(state={"x.v1": OLD}), ReleaseManifest(state={"x.v2": OLD, "x.v1": OLD}))
    )


def test_a_new_version_that_forgets_the_old_one_is_refused() -> None:
    gone, added = changes_of({"x.v1": OLD}, {"x.v2": OLD})
    assert (gone.kind, gone.name, added.name) == ("removed", "x.v1", "x.v2")
    assert "documents of it may be stored, and nothing reads them" in gone.refused


def test_a_collection_that_is_no_more_leaves_its_documents() -> None:
    (change,) = changes_of({"x.v1": OLD, "y.v1": OLD}, {"y.v1": OLD})
    assert (change.kind, change.refused) == ("removed", "")
    assert "its documents stay" in change.details[0]


def test_a_release_from_before_there_were_schemas_has_nothing_to_compare() -> None:
    manifest = ReleaseManifest(parts={"a": "1"}).to_json()
    del manifest["state"]
    earlier = read_manifest(manifest)
    assert list(compare_state(earlier.state, SCHEMAS)) == list(compare_state(SCHEMAS, earlier.state)) == []


def test_a_refusal_is_printed_with_the_plan() -> None:
    changed = deepcopy(SCHEMAS)
    changed["claims.v1"]["required"].append("expires_at")
    printed = list(describe_area("Stored state", changes_of(SCHEMAS, changed)))
    assert printed[:2] == [
        "\nStored state",
        "  ~ claims.v1: field expires_at is required: stored documents may lack it",
    ]
    assert printed[2].startswith("    REFUSED: field expires_at is required")
