"""From one tick to a trained model, through the real functions, workflow, SQL and pipeline."""

from __future__ import annotations

import json

import pytest

from cli.laptop_control import PROJECT
from ripple.flows import list_generated
from tests.choreography.relay import Relay
from tests.choreography.worlds import World, clients_of, read_tables

pytestmark = pytest.mark.timeout(600)
ONCE = ("sales.export.finished.v1", "training.job.finished.v1")


@pytest.fixture(scope="package", params=["calm", "rough"])
def world(request: pytest.FixtureRequest) -> World:
    found: World = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("flow", list_generated())
def test_every_row_that_came_in_is_in_silver_in_quarantine_or_a_duplicate(world: World, flow: str) -> None:
    counts = world.result["flows"][flow]
    parts = counts["rows_silver"] + counts["rows_quarantined"] + counts["rows_duplicate"]
    assert counts["rows_in"] == parts > 0


def test_the_totals_are_the_truth_of_the_generators(world: World) -> None:
    assert read_truth(world) == {
        flow: (counts["rows_in"], counts["rows_silver"], counts["rows_quarantined"], counts["rows_duplicate"])
        for flow, counts in world.result["flows"].items()
    }


def read_truth(world: World) -> dict[str, tuple[int, ...]]:
    """Rows in, kept, quarantined and duplicate by flow, from the truth files that the generators wrote beside the data."""
    names = ("rows_in", "rows_kept", "rows_quarantined", "rows_duplicate")
    totals: dict[str, tuple[int, ...]] = {}
    with clients_of(world.state) as clients:
        for blob in clients.storage.list_blobs(f"{PROJECT}-control", match_glob="truth/*/*/totals-*.json"):
            said = json.loads(blob.download_as_bytes())
            totals[said["flow"]] = tuple(said[name] for name in names)
    return totals


def test_each_batch_ran_once_and_the_last_dataset_was_trained_on_once(world: World) -> None:
    events = world.result["events"]
    assert events["elt.run.succeeded.v1"] == events["elt.run.started.v1"] == world.result["batch"]
    assert all(events[kind] == 1 for kind in ONCE)
    assert "elt.run.failed.v1" not in events


def test_the_model_is_judged_beside_the_theoretical_limit(world: World) -> None:
    model = world.result["model"]
    assert 0.5 < model["auc"] < model["auc_bayes"] + 0.1
    assert model["version"]


def test_many_files_make_few_runs(world: World) -> None:
    assert sum(counts["objects"] for counts in world.result["flows"].values()) == 25
    assert world.result["batch"] <= 4


def test_the_faults_were_there(rough: World, relay: Relay) -> None:
    assert rough.result["batch"]
    delivered = [number for number, _ in relay.passed_on]
    assert len(delivered) == 2 * len(relay.arrived) > 100
    assert delivered != sorted(delivered)
    assert {status for _, status in relay.passed_on} <= {200, 204, 409, 429, 503}


def test_every_message_delivered_twice_and_out_of_order_gives_the_same_tables(calm: World, rough: World) -> None:
    wanted, found = (read_tables(world, ["silver", "gold"]) for world in (calm, rough))
    assert len(wanted) >= 11
    assert found.keys() == wanted.keys()
    for name, rows in wanted.items():
        assert not set(rows) ^ set(found[name]), name
        assert rows == found[name], name


def test_every_message_delivered_twice_and_out_of_order_gives_the_same_dataset_and_model(
    calm: World, rough: World
) -> None:
    newest = "SELECT dataset_version, train_rows, test_rows, score_rows FROM features.snapshot_versions ORDER BY batch DESC LIMIT 1"
    assert rough.rows(newest) == calm.rows(newest)
    assert rough.result["model"]["auc"] == calm.result["model"]["auc"]
