"""Plans that the real command made of the google provider's schema, as `terraform show -json` printed them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.delivery.cloud_target import CloudTarget, address_of, refuse_losses
from cli.delivery.resource_plan import ResourcePlan, read_plan
from cli.delivery.targets import Inputs
from cli.delivery.terraform import Terraform, compose_variables, find_terraform
from cli.provisioning.clients import AdminClients
from ripple.errors import PermanentError

CASES = Path(__file__).with_name("cases")


def recorded(name: str) -> ResourcePlan:
    return read_plan(json.loads((CASES / f"plan_{name}.json").read_text()))


def test_a_first_plan_creates_everything() -> None:
    plan = recorded("first")
    assert plan.count() == {"create": 5, "change": 0, "replace": 0, "destroy": 0}
    assert plan.losses() == []


def test_a_later_plan_says_what_becomes_of_each_resource_and_what_forces_it() -> None:
    shown = {change.address: (change.doing, change.because) for change in recorded("second").all}
    assert shown == {
        "google_bigquery_dataset.gold": ("replace", ()),
        'google_pubsub_topic.events["ripple-more"]': ("create", ()),
        "google_storage_bucket.bronze": ("change", ()),
        "google_storage_bucket.old[0]": ("destroy", ()),
        "terraform_data.generation": ("replace", ("triggers_replace",)),
    }


def test_what_holds_data_is_neither_replaced_nor_destroyed_unless_it_is_named() -> None:
    plan = recorded("second")
    assert [loss.address for loss in plan.losses()] == ["google_bigquery_dataset.gold", "google_storage_bucket.old[0]"]
    assert [loss.address for loss in plan.losses(["google_storage_bucket.old[0]"])] == ["google_bigquery_dataset.gold"]
    assert plan.losses(["google_storage_bucket.old[0]", "google_bigquery_dataset.gold"]) == []


def test_a_refusal_names_the_flags_that_allow_it() -> None:
    assert "--allow-destroy 'module.platform.module.bucket[\"bronze\"]'" in refuse_losses(
        ['module.platform.module.bucket["bronze"]']
    )


def test_taking_everything_away_is_a_plan_too() -> None:
    assert recorded("destroy").count()["destroy"] == 5


def test_what_is_no_plan_is_refused() -> None:
    with pytest.raises(KeyError):
        read_plan({"resource_changes": []})


def test_a_machine_without_terraform_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="install Terraform"):
        find_terraform(str(tmp_path))


def test_a_command_that_fails_says_what_it_said(tmp_path: Path) -> None:
    command = tmp_path / "terraform"
    command.write_text(
        '#!/bin/sh\nprintf "╷\\n│ Warning: old\\n╵\\n╷\\n│ Error: no such provider\\n╵\\n" >&2\nexit 1\n'
    )
    command.chmod(0o755)
    with pytest.raises(PermanentError, match=": Error: no such provider"):
        Terraform(
            command=find_terraform(str(tmp_path)),
            folder=tmp_path,
            variables=tmp_path / "v.json",
            data=tmp_path / "data",
        ).plan()


def test_variables_without_a_value_are_left_to_their_defaults() -> None:
    assert json.loads(compose_variables({"a": 1, "b": None, "c": "", "d": {}, "e": False})) == {"a": 1, "e": False}


@pytest.mark.parametrize(
    ("part", "address"),
    [
        ("start_batch", 'module.platform.module.stage["start_batch"]'),
        ("run_elt", "module.platform.module.workflow"),
        ("generators", "module.platform.module.generator_job"),
    ],
)
def test_each_part_has_its_address(part: str, address: str) -> None:
    assert address_of(part) == address


def test_terraform_is_given_what_the_delivery_computed(tmp_path: Path) -> None:
    clients = AdminClients({"GOOGLE_CLOUD_PROJECT": "shop-dev", "RIPPLE_LOCATION": "europe-west1"})
    target = CloudTarget(name="dev", clients=clients, data=tmp_path, builder=lambda: None)
    bundles = {"sweep": {"path": "build/bundles/sweep-1.zip", "sha256": "1"}}
    shown = target.variables(Inputs(root=tmp_path, release=1, images={"pipelines": "p@sha256:1"}, bundles=bundles))
    assert shown["bundles"] == bundles
    assert shown["images"]["pipelines"] == "p@sha256:1"
    assert shown["images"]["generators"].startswith(
        "europe-west1-docker.pkg.dev/shop-dev/ripple/generators@sha256:0000"
    )
    assert (shown["project_id"], shown["region"]) == ("shop-dev", "europe-west1")
