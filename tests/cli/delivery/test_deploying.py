"""The whole delivery, on a laptop: each test goes on from where the one before left it."""

from __future__ import annotations

import datetime as dt
import json
import time
from pathlib import Path

import pytest

from cli.delivery.deploying import DeploymentRequest, deploy
from cli.delivery.environments import Environment
from cli.delivery.laptop_target import LaptopTarget
from cli.delivery.planning import make_plan
from cli.delivery.releases import Releases
from cli.provisioning.repository import read_committed
from cli.provisioning.sequence import ROOT
from tests.cli.delivery.site import Said, Site

pytestmark = pytest.mark.timeout(300)
SILVER = "dataform/definitions/silver/flows.js"
STARTUPS = "flows/startups.yaml"
DECLARED = "dataform/includes/declared.js"
REVENUE = "dataform/definitions/gold/agg_daily_revenue.sqlx"
FAILED = "docs/schemas/elt.run.failed.v1.json"
FILES = "docs/schemas/state/files.v1.json"


def releases_of(site: Site) -> list[tuple[int, str]]:
    return [(release["number"], release["state"]) for release in site.ripple("releases").json["releases"]]


def committed(site: Site, path: str) -> bytes:
    return read_committed(site.clients)[path.removeprefix("dataform/")]


def environment_of(site: Site, owner: str = "someone@somewhere") -> Environment:
    return Environment(
        name="laptop",
        clients=site.clients,
        target=LaptopTarget(site.state, site.clients),
        work=site.state / "delivery",
        now=lambda: dt.datetime(2026, 11, 1, tzinfo=dt.UTC),
        owner=owner,
    )


def test_a_first_deployment_is_release_1_and_its_canary_passes(first: Said) -> None:
    assert first.code == 0, first.errors
    assert first.json["release"] == 1
    assert first.json["state"] == "deployed"


def test_what_is_deployed_plans_empty(site: Site, first: Said) -> None:
    said = site.ripple("plan", "--detailed-exitcode")
    assert said.code == 0
    assert said.json["changes"] == said.json["waves"] == said.json["resources"] == []
    assert said.json["deployed"] == 1


def test_what_is_deployed_is_not_deployed_again(site: Site, first: Said) -> None:
    assert site.ripple("deploy", "--yes").json == {"release": 1, "state": "unchanged"}


def test_a_canary_reaches_silver_and_nobody_downstream(site: Site, first: Said) -> None:
    count = "SELECT COUNT(*) AS n FROM {} WHERE startup_id LIKE 'canary-%'"
    assert site.rows(count.format("silver.startup_events")) == [{"n": 3}]
    assert site.rows(count.format("gold.dim_startup")) == [{"n": 0}]
    assert site.rows("SELECT score_cutoff_at AS at FROM features.cutoffs") == [{"at": None}]


def test_a_canary_says_which_release_it_is_of(site: Site, first: Said) -> None:
    (blob,) = site.clients.storage.list_blobs(f"{site.clients.project}-bronze", match_glob="startups/*/canary-*")
    assert blob.metadata == {"ripple-canary": "1"}


def test_a_canary_on_an_empty_lake_trains_nothing(site: Site, first: Said) -> None:
    (run,) = site.ripple("runs").json["runs"]
    assert run["training"]["train"] is False


def test_every_bytes_estimate_is_known_once_all_tables_are_there(site: Site, first: Said) -> None:
    estimate = site.ripple("plan").json["estimate"]["run"]
    assert estimate["unknown"] == []
    assert estimate["bytes"] > 0


def test_a_plan_names_the_table_whose_sql_changed(site: Site, first: Said) -> None:
    root = site.checkout("changed", {REVENUE: ("COUNT(*) AS count_orders", "COUNT(order_id) AS count_orders")})
    said = site.ripple("plan", "--checkout", str(root), "--detailed-exitcode")
    assert said.code == 2
    assert {(change["area"], change["name"]) for change in said.json["changes"]} == {
        ("table", "gold.agg_daily_revenue"),
        ("table", "ops.create_tables"),
        ("file", "definitions/gold/agg_daily_revenue.sqlx"),
    }


def test_sqlx_that_does_not_compile_is_refused_by_file(site: Site, first: Said) -> None:
    root = site.checkout("torn", {REVENUE: ('ref("gold", "fct_sales")', 'ref("gold"')})
    said = site.ripple("plan", "--checkout", str(root))
    assert said.code == 1
    assert "agg_daily_revenue.sqlx" in said.errors


def test_an_incompatible_event_is_refused_before_anything_changes(site: Site, first: Said) -> None:
    schema = json.loads((ROOT / FAILED).read_text())
    schema["required"].remove("reason")
    del schema["properties"]["reason"]
    root = site.checkout("incompatible")
    (root / FAILED).write_text(json.dumps(schema))
    said = site.ripple("deploy", "--yes", "--checkout", str(root))
    assert said.code == 1
    assert "elt.run.failed.v1" in said.errors
    assert "field reason is removed" in said.errors
    assert "elt.run.failed.v2" in said.errors
    assert releases_of(site) == [(1, "deployed")]


def test_code_that_could_not_read_the_stored_state_is_refused_before_anything_changes(site: Site, first: Said) -> None:
    schema = json.loads((ROOT / FILES).read_text())
    schema["required"].append("claimed_at")
    root = site.checkout("unreadable")
    (root / FILES).write_text(json.dumps(schema))
    said = site.ripple("deploy", "--yes", "--checkout", str(root))
    assert said.code == 1
    assert "files.v1: field claimed_at is required: stored documents may lack it" in " ".join(said.errors.split())
    assert releases_of(site) == [(1, "deployed")]


def test_a_table_that_would_hold_rows_of_two_shapes_is_refused(site: Site, first: Said) -> None:
    described = "columns: described.list(flows.descriptions(flow)),"
    root = site.checkout("reshaped", {SILVER: (described, 'columns: described.list({ event_id: "One." }),')})
    said = site.ripple("deploy", "--yes", "--checkout", str(root))
    assert said.code == 1
    assert "silver.startup_events: loses" in said.errors
    assert "--allow-rebuild silver.startup_events" in said.errors


def test_whoever_deploys_at_the_same_time_learns_who_does(site: Site, first: Said) -> None:
    root = site.folder / "changed"
    with Releases(site.clients.storage.bucket(f"{site.clients.project}-models")).hold_lease("ann@host", "noon"):
        said = site.ripple("deploy", "--yes", "--checkout", str(root))
    assert said.code == 1
    assert "ann@host deploys to this environment since noon" in said.errors
    assert "--break-lease" in said.errors
    assert releases_of(site) == [(1, "deployed")]


@pytest.fixture(scope="module")
def broken(site: Site, first: Said) -> Said:
    """Of the deployment of SQL that compiles, and that no run can run."""
    rule = "    quality: [{name: named, type: custom, engine: ripple, implementation: nome != ''}]\n"
    root = site.checkout(
        "broken",
        {STARTUPS: ("    properties:\n      - name: event_id", f"{rule}    properties:\n      - name: event_id")},
    )
    return site.ripple("deploy", "--yes", "--checkout", str(root))


def test_a_deployment_whose_canary_fails_is_rolled_back(site: Site, broken: Said) -> None:
    assert broken.code == 1
    assert broken.json["state"] == "failed"
    assert "startups is held" in broken.json["canary"]
    assert (broken.json["rolled_back_to"], broken.json["rolled_back_as"]) == (1, 3)
    assert "3 of its 3 rows" in broken.json["rollback_canary"]
    assert releases_of(site) == [(1, "deployed"), (2, "failed"), (3, "deployed")]


def await_done(site: Site) -> None:
    """What was held goes on beside the canary of the rollback, and may end after it."""
    until = time.monotonic() + 120
    while (runs := site.ripple("runs").json["runs"]) and {run["state"] for run in runs} != {"done"}:
        assert time.monotonic() < until, runs
        time.sleep(1)


def test_after_a_rollback_the_old_sqlx_is_committed_and_what_failed_has_run(site: Site, broken: Said) -> None:
    assert committed(site, DECLARED) == (ROOT / DECLARED).read_bytes()
    await_done(site)
    assert site.rows("SELECT COUNT(*) AS n FROM silver.startup_events") == [{"n": 9}]
    assert site.ripple("plan", "--detailed-exitcode").code == 0


class Interrupted(BaseException):
    """As Ctrl-C is."""


def test_an_interrupted_deployment_goes_on_as_the_same_release(site: Site, broken: Said) -> None:
    root = site.folder / "changed"

    def report(words: str) -> None:
        if words == "SQLX":
            raise Interrupted

    environment = environment_of(site)
    with pytest.raises(Interrupted):
        deploy(environment, make_plan(environment, root), DeploymentRequest(), report)
    assert releases_of(site)[-1] == (4, "applying")
    said = site.ripple("deploy", "--yes", "--checkout", str(root))
    assert said.code == 0, said.errors
    assert releases_of(site)[-1] == (4, "deployed")
    assert committed(site, REVENUE) == (root / REVENUE).read_bytes()


def test_a_rollback_brings_back_the_release_before(site: Site) -> None:
    said = site.ripple("rollback", "--yes")
    assert said.code == 0, said.errors
    assert (said.json["restores"], said.json["state"]) == (3, "deployed")
    assert committed(site, REVENUE) == (ROOT / REVENUE).read_bytes()


def test_what_never_was_in_place_is_not_rolled_back_to(site: Site) -> None:
    said = site.ripple("rollback", "--yes", "--to", "2")
    assert said.code == 1
    assert "release 2 was never in place; releases that were: 1, 3, 4, 5" in said.errors


def test_nothing_is_deployed_or_destroyed_without_a_yes(site: Site) -> None:
    assert site.ripple("deploy", "--checkout", str(site.folder / "changed")).code == 1
    assert site.ripple("destroy").code == 1
    assert Path(site.state, "ports.json").exists()
