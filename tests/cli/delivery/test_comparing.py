"""What differs between two releases, and what that means, by tables of cases."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.delivery.changes import Changes
from cli.delivery.checkout import IMAGES
from cli.delivery.comparing import compare
from cli.delivery.compatibility import compare_contract, compare_event, next_type
from cli.delivery.deploying import describe_remains
from cli.delivery.manifest import CompiledAction, ReleaseManifest, read_manifest
from cli.delivery.planning import keep_certain
from cli.delivery.routing import read_routes
from cli.delivery.waves import plan_waves
from cli.provisioning.sequence import PARTS, ROOT
from ripple.deployment.routes import STAGES, TOPICS

CASES = Path(__file__).with_name("cases")
EVENT = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}


def read_cases(name: str) -> list[Any]:
    return [pytest.param(case, id=case["name"]) for case in yaml.safe_load((CASES / f"{name}.yaml").read_text())]


@pytest.mark.parametrize("case", read_cases("events"))
def test_an_event_is_compatible_or_breaks_its_consumers(case: Any) -> None:
    assert [list(shown) for shown in compare_event(case["old"], case["new"])] == case["reported"]


@pytest.mark.parametrize("case", read_cases("contracts"))
def test_a_contract_says_which_rows_it_would_refuse(case: Any) -> None:
    assert [list(shown) for shown in compare_contract(case["old"], case["new"])] == case["reported"]


def read_action(shown: Any) -> CompiledAction:
    lists = {name: tuple(shown.get(name, ())) for name in ("columns", "cluster", "unique_key")}
    return CompiledAction(**{"file": "x.sqlx", **shown, **lists})


@pytest.mark.parametrize("case", read_cases("actions"))
def test_a_table_says_what_becomes_of_its_rows(case: Any) -> None:
    old, new = (ReleaseManifest(actions={"gold.t": read_action(case[side])}) for side in ("old", "new"))
    (change,) = compare(old, new).of("table")
    assert list(change.details) == case["details"]
    assert change.rebuild == bool(change.refused) == case.get("rebuild", False)


@pytest.mark.parametrize("case", read_cases("waves"))
def test_parts_are_deployed_in_an_order_in_which_every_event_is_understood(case: Any) -> None:
    before, after = (
        ReleaseManifest(routes={part: {k: tuple(v) for k, v in route.items()} for part, route in case[side].items()})
        for side in ("before", "after")
    )
    old = replace(before, routes=before.routes or {"none": {}}, events={})
    new = replace(after, parts=dict.fromkeys(case["parts"], "new"), events=dict.fromkeys(case["events"], EVENT))
    waves = [wave for wave in plan_waves(compare(old, new), old, new) if wave.name == "parts"]
    assert [list(wave.parts) for wave in waves] == case["waves"]


def test_a_first_deployment_is_one_wave_after_its_topics() -> None:
    routes, topics = read_routes(ROOT)
    new = ReleaseManifest(
        routes=routes, topics=topics, parts=dict.fromkeys(PARTS, "x"), events={"elt.run.failed.v1": EVENT}
    )
    waves = plan_waves(compare(ReleaseManifest(), new), ReleaseManifest(), new)
    assert [(wave.name, set(wave.parts)) for wave in waves] == [("topics", set(TOPICS)), ("parts", set(PARTS))]


def test_another_pipeline_comes_with_the_function_that_submits_it() -> None:
    old, new = ReleaseManifest(spec="a"), ReleaseManifest(spec="b")
    assert [wave.parts for wave in plan_waves(compare(old, new), old, new)] == [("start_training",)]


def test_another_pipeline_image_does_too() -> None:
    old, new = ReleaseManifest(images={"pipelines": "a"}), ReleaseManifest(images={"pipelines": "b"})
    assert [wave.parts for wave in plan_waves(compare(old, new), old, new)] == [("start_training",)]


def test_what_no_longer_reacts_loses_its_subscription_last() -> None:
    old = ReleaseManifest(
        routes={"a": {"reacts_to": ("x.v1", "y.v1"), "states": ()}}, parts={"a": "1", "b": "1"}, topics=("t",)
    )
    new = ReleaseManifest(routes={"a": {"reacts_to": ("y.v1",), "states": ()}}, parts={"a": "2"})
    waves = plan_waves(compare(old, new), old, new)
    assert [(wave.name, wave.parts) for wave in waves] == [
        ("parts", ("a",)),
        ("removal", ("part b", "route a", "topic t")),
    ]


def test_an_event_that_somebody_still_reacts_to_is_not_removed() -> None:
    routes = {"a": {"reacts_to": ("x.v1",), "states": ()}}
    changes = compare(ReleaseManifest(events={"x.v1": EVENT}), ReleaseManifest(routes=routes))
    assert changes.refusals() == ["event x.v1: a still reacts to it; take the reaction away too"]


def test_a_rebuild_in_hand_is_allowed_by_name() -> None:
    old = ReleaseManifest(
        actions={"silver.t": CompiledAction(kind="incremental", file="", statements="a", columns=("x",))}
    )
    new = ReleaseManifest(
        actions={"silver.t": CompiledAction(kind="incremental", file="", statements="a", columns=("x", "y"))}
    )
    changes = compare(old, new)
    assert len(changes.refusals()) == len(changes.refusals(["silver.other"])) == 1
    assert changes.refusals(["silver.t"]) == []


@pytest.mark.parametrize(("name", "columns", "kept"), [
    ("silver.t", ("x", "y"), True), ("staging.t", ("x", "y"), False), ("ops.t", (), False),
])  # fmt: skip
def test_an_operation_that_publishes_into_a_table_keeps_its_rows(
    name: str, columns: tuple[str, ...], kept: bool
) -> None:
    was = CompiledAction(kind="operations", file="", statements="a", columns=columns)
    narrower = replace(was, columns=columns[:1], statements="b")
    changes = compare(ReleaseManifest(actions={name: was}), ReleaseManifest(actions={name: narrower}))
    assert bool(changes.refusals()) == kept


def test_a_column_that_a_flow_gains_is_added_by_the_next_run() -> None:
    was = CompiledAction(kind="operations", file="", statements="a", columns=("x",))
    wider = ReleaseManifest(actions={"silver.t": replace(was, columns=("x", "y"), statements="b")})
    changes = compare(ReleaseManifest(actions={"silver.t": was}), wider)
    assert (changes.refusals(), changes.all[0].details[0]) == ([], "gains y")


def test_what_was_deployed_over_and_failed_is_not_taken_for_deployed() -> None:
    good = ReleaseManifest(parts={"a": "1", "b": "1"}, images={"pipelines": "1"}, spec="1")
    failed = ReleaseManifest(parts={"a": "1", "b": "2"}, images={"pipelines": "2"}, spec="2")
    assert keep_certain(good, [failed]) == ReleaseManifest(parts={"a": "1"})
    assert keep_certain(good, []) == good


def test_what_a_rollback_does_not_bring_back_is_reported() -> None:
    old = ReleaseManifest(contracts={"sales": {"fields": {}}}, topics=("t",))
    new = ReleaseManifest(contracts={"sales": {"fields": {"a": {"kind": "string"}}}})
    shown = describe_remains(compare(old, new))
    assert any("sales" in words for words in shown)
    assert any("topic t" in words for words in shown)
    assert describe_remains(Changes()) == []


def test_a_manifest_survives_its_record() -> None:
    routes, topics = read_routes(ROOT)
    action = CompiledAction(kind="table", file="a", statements="b", columns=("c",), unique_key=("d",))
    manifest = ReleaseManifest(
        routes=routes, topics=topics, events={"x.v1": EVENT}, actions={"gold.t": action}, parts={"a": "b"}
    )
    assert read_manifest(json.loads(json.dumps(manifest.to_json()))) == manifest


def test_the_routes_of_a_checkout_are_those_of_the_program_that_is_in_it() -> None:
    routes, topics = read_routes(ROOT)
    assert {part for part in routes if part in STAGES} == set(STAGES)
    assert topics == TOPICS
    assert routes["run_elt"]["states"] == ("elt.part.succeeded.v1", "elt.run.failed.v1", "elt.run.succeeded.v1")
    assert "training.job.finished.v1" in routes["start_training"]["states"]
    assert "finalize:bronze" in routes["land_object"]["reacts_to"]
    assert "ripple-ticks:batch" in routes["start_batch"]["reacts_to"]


def test_the_next_type_of_an_event_has_the_next_version() -> None:
    assert next_type("elt.run.failed.v1") == "elt.run.failed.v2"
    assert next_type("elt.run.failed.v9") == "elt.run.failed.v10"


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_is_built_from_all_that_its_dockerfile_copies(image: str) -> None:
    lines = (ROOT / image / "Dockerfile").read_text().splitlines()
    copied = [word for line in lines if line.startswith("COPY") and "--from" not in line for word in line.split()[1:-1]]
    kept = [place for place in copied if not place.startswith("--")]
    assert kept
    assert all(any(place == one or place.startswith(f"{one}/") for one in IMAGES[image]) for place in kept)


def test_a_grammar_that_gains_a_zone_reads_old_times_otherwise() -> None:
    old, new = (
        {"fields": {"t": {"kind": "timestamp", "grammar": ["date", *more]}}} for more in ([], [{"zone": "Asia/Tokyo"}])
    )
    ((sentence, is_compatible),) = compare_contract(old, new, "")
    assert sentence.startswith("field t: grammar gains zone: Asia/Tokyo")
    assert not is_compatible
