"""A plan is decided from what the world holds, and says in words what fires, what is written and what stays."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from ripple.deployment.tables import list_written
from ripple.errors import PermanentError
from ripple.replaying.plan import SHOWN, ReplayPlan
from ripple.replaying.planning import Known, plan_batch, plan_objects, plan_resume, plan_training
from ripple.state.head import EltRun, Head
from ripple.state.holds import Hold
from tests.ripple.state.golden import a_record

CASES = yaml.safe_load((Path(__file__).parent / "plans.yaml").read_text())
NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
TABLES = ", ".join(list_written())


def read_head(said: dict[str, Any]) -> Head:
    live = said.get("run")
    run = EltRun(batch=live, epoch=9, lease_until=NOW, cause="c") if live else None
    lists = {name: tuple(said.get(name, ())) for name in ("replays", "incidents")}
    held = [
        Hold(flow=flow, since=NOW, again_at=NOW, tries=0, reason="silver.orders: broke")
        for flow in said.get("held", ())
    ]
    return Head(run=run, epoch=9, next=said.get("next", 4), holds=tuple(held), **lists)


def plan_of(case: dict[str, Any]) -> ReplayPlan:
    head = read_head(case.get("head", {}))
    if "batch" in case:
        said = case["batch"]
        more = read_training(said.get("training")), said.get("later"), said.get("rest", ""), said.get("gone", ())
        return plan_batch(said["number"], head, read_batch(said), *more)
    if "training" in case:
        said = case["training"]
        return plan_training(said["number"], read_training(said), "the line")
    if "resume" in case:
        return plan_resume(case["resume"], head)
    return plan_objects("replay of objects", [read_known(said) for said in case["objects"]], head)


def read_batch(said: dict[str, Any]) -> Any:
    if said.get("missing"):
        return None
    changes = {
        name: said[name]
        for name in ("state", "files", "correlation_id", "attempts", "reason", "parked")
        if name in said
    }
    changes.setdefault("parked", 0)
    return a_record("batches", flows=tuple(said["flows"]), **changes)


def read_training(said: dict[str, Any] | None) -> Any:
    if said is None or said.get("missing"):
        return None
    run = replace(a_record("trainings").run, dataset_version=said.get("dataset_version", "abc"))
    changes = {name: said.get(name) for name in ("job", "attempts", "ended")}
    return a_record("trainings", train=said["train"], run=run, **changes)


def read_known(said: dict[str, Any]) -> Known:
    return Known(
        uri=said["uri"],
        exists=not said.get("missing"),
        file=a_record(
            "files",
            **{"batch": 7} | {name: said[name] for name in ("state", "correlation_id", "batch") if name in said},
        )
        if "state" in said
        else None,
        is_manifest=said.get("manifest", False),
    )


@pytest.mark.parametrize("case", [case for case in CASES if "words" in case], ids=lambda case: case["name"])
def test_a_plan_says_what_fires_and_what_changes(case: dict[str, Any]) -> None:
    plan = plan_of(case)
    assert [line.replace(TABLES, "TABLES") for line in plan.words()] == case["words"]
    assert plan.replay_of == case["replay_of"]


@pytest.mark.parametrize("case", [case for case in CASES if "error" in case], ids=lambda case: case["name"])
def test_what_is_not_there_cannot_be_replayed(case: dict[str, Any]) -> None:
    with pytest.raises(PermanentError) as caught:
        plan_of(case)
    assert caught.value.code == case["error"]


def test_the_fact_holds_all_and_the_words_hold_the_first() -> None:
    objects = [Known(uri=f"gs://b/x/{n}.jsonl", exists=True, file=a_record("files")) for n in range(SHOWN + 5)]
    plan = plan_objects("replay of objects", objects, Head())
    data = plan.data()
    assert len(data["targets"]) == len(data["fires"]) - 1 == SHOWN + 5
    assert "... and 5 more like this" in data["words"]
    assert data["words"] == plan.words()
