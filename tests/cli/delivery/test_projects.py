"""Delivery to a project: Google's services are the laptop's, Terraform notes what it is given. It goes on from the laptop's releases."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.delivery.cloud_target import CloudTarget, make_state_bucket
from cli.delivery.environments import Environment
from cli.delivery.rolling_back import restore
from cli.delivery.targets import Inputs
from cli.laptop_control import PROJECT
from cli.main import app
from ripple.deployment.routes import STAGES
from ripple.errors import PermanentError
from tests.cli.delivery.site import Said, Site

pytestmark = pytest.mark.timeout(300)
HERE = Path(__file__).parent
DIGEST = "sha256:" + "1" * 64
IMAGES = {name: f"us-central1-docker.pkg.dev/{PROJECT}/ripple/{name}@{DIGEST}" for name in ("generators", "pipelines")}
NOW = dt.datetime(2026, 11, 2, tzinfo=dt.UTC)
OF_EVENTARC = f"projects/{PROJECT}/subscriptions/eventarc-bronze"
EVENTARC = {"land-object--bronze": {"subscription": OF_EVENTARC, "ack_deadline_seconds": 570}}
NOTHING = '{"format_version": "1.2", "resource_changes": []}'


@dataclass(frozen=True, slots=True)
class Machine:
    """One with `terraform`, and a checkout whose functions are bundled."""

    site: Site
    programs: Path
    checkout: Path

    def ripple(self, name: str, *words: str) -> Said:
        asked = [name, "--env", "dev", "--project", PROJECT, "--json", *words]
        done = CliRunner().invoke(app, asked, env={"PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}"})
        assert not done.exception or isinstance(done.exception, SystemExit), done.exception
        return Said(done.exit_code, done.stdout, done.stderr)

    def given(self) -> list[dict[str, Any]]:
        """What Terraform was given since it was asked last."""
        file = self.programs / "given.jsonl"
        found = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        file.unlink(missing_ok=True)
        return found

    def variables(self) -> dict[str, Any]:
        found = sorted(
            (self.checkout / "build").rglob("delivery.auto.tfvars.json"), key=lambda file: file.stat().st_mtime
        )
        return dict(json.loads(found[-1].read_text()))


@pytest.fixture(scope="module")
def machine(site: Site, first: Said, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    programs = tmp_path_factory.mktemp("programs")
    shutil.copy(HERE / "recording_terraform.py", programs / "terraform")
    (programs / "terraform").chmod(0o755)
    (programs / "plan.json").write_text(NOTHING)
    (programs / "outputs.json").write_text(json.dumps({"platform": {"value": {"eventarc_subscriptions": EVENTARC}}}))
    topic = f"projects/{PROJECT}/topics/ripple-ticks"
    site.clients.subscriber.create_subscription(
        request={"name": OF_EVENTARC, "topic": topic, "ack_deadline_seconds": 10}
    )
    edited = {"functions/sweep/stage.py": ("from __future__", "# edited\nfrom __future__")}
    root = site.checkout("project", edited)
    shutil.rmtree(root / "infra", ignore_errors=True)
    (root / "infra" / "envs" / "dev").mkdir(parents=True)
    (root / "infra" / "envs" / "dev" / "main.tf").write_text("# nothing\n")
    return Machine(site, programs, root)


def bundle(root: Path) -> dict[str, dict[str, str]]:
    """As `make bundle` leaves them."""
    folder, stages = root / "build" / "bundles", {}
    folder.mkdir(parents=True, exist_ok=True)
    for stage in STAGES:
        with zipfile.ZipFile(folder / "new.zip", "w") as archive:
            archive.write(root / "functions" / stage / "stage.py", f"functions/{stage}/stage.py")
        digest = hashlib.sha256((folder / "new.zip").read_bytes()).hexdigest()
        file = (folder / "new.zip").rename(folder / f"{stage}-{digest[:16]}.zip")
        stages[stage] = {"path": str(file.relative_to(root)), "sha256": digest}
    (folder / "manifest.json").write_text(json.dumps({"stages": stages}))
    return stages


def commands(given: list[dict[str, Any]]) -> list[str]:
    """Each command, and what it is aimed at."""
    targets = [
        [word.removeprefix("-target=module.platform.") for word in one["words"] if "-target=" in word] for one in given
    ]
    return [" ".join([one["words"][0], *aimed]) for one, aimed in zip(given, targets, strict=True)]


def test_without_bundles_a_plan_says_how_to_make_them(machine: Machine) -> None:
    said = machine.ripple("plan", "--checkout", str(machine.checkout))
    assert said.code == 1
    assert "run: make bundle" in said.errors


def test_bundles_of_other_code_are_refused_by_stage(machine: Machine) -> None:
    bundle(machine.checkout)
    stage = machine.checkout / "functions" / "sweep" / "stage.py"
    text = stage.read_text()
    stage.write_text(text + "# later\n")
    said = machine.ripple("plan", "--checkout", str(machine.checkout))
    stage.write_text(text)
    assert said.code == 1
    assert "the bundles of sweep are not of this checkout's code" in said.errors


def test_a_plan_before_there_is_a_state_bucket_makes_none(machine: Machine) -> None:
    bundle(machine.checkout)
    machine.given()
    said = machine.ripple("plan", "--checkout", str(machine.checkout), "--detailed-exitcode")
    assert said.code == 2, said.errors
    given = machine.given()
    assert commands(given) == ["init", "plan", "show"]
    assert not any("-backend-config" in word for one in given for word in one["words"])
    assert not machine.site.clients.storage.bucket(f"{PROJECT}-tfstate").exists()
    assert [change["name"] for change in said.json["changes"] if change["area"] == "part"] == ["sweep"]


def test_a_plan_that_loses_data_is_refused_before_anything_is_applied(machine: Machine) -> None:
    shutil.copy(HERE / "cases" / "plan_second.json", machine.programs / "plan.json")
    said = machine.ripple("deploy", "--yes", "--checkout", str(machine.checkout))
    (machine.programs / "plan.json").write_text(NOTHING)
    assert said.code == 1
    assert "--allow-destroy 'google_storage_bucket.old[0]'" in said.errors
    assert "apply" not in " ".join(commands(machine.given()))


@pytest.fixture(scope="module")
def deployed(machine: Machine) -> tuple[Said, list[dict[str, Any]]]:
    bundle(machine.checkout)
    machine.given()
    given = [word for name, image in IMAGES.items() for word in ("--image", f"{name}={image}")]
    return machine.ripple("deploy", "--yes", "--checkout", str(machine.checkout), *given), machine.given()


def test_a_deployment_applies_its_wave_and_then_the_rest(deployed: tuple[Said, list[dict[str, Any]]]) -> None:
    said, given = deployed
    assert said.code == 0, said.errors
    assert said.json["state"] == "deployed"
    assert commands(given) == [
        *("init", "plan", "show"),
        *("init", 'apply module.stage["sweep"]'),
        *("init", "plan", "show", "apply", "output"),
    ]


def test_subscriptions_that_eventarc_made_give_a_function_its_time(
    machine: Machine, deployed: tuple[Said, list[dict[str, Any]]]
) -> None:
    found = machine.site.clients.subscriber.get_subscription(subscription=OF_EVENTARC)
    assert found.ack_deadline_seconds == 570


def test_terraform_works_in_the_archive_of_the_release(
    machine: Machine, deployed: tuple[Said, list[dict[str, Any]]]
) -> None:
    folders = {one["folder"] for one in deployed[1]}
    assert len(folders) == 1
    assert str(machine.checkout / "build" / "delivery" / "releases") in folders.pop()


def test_terraform_is_given_the_bundles_images_and_spec_of_the_release(
    machine: Machine, deployed: tuple[Said, list[dict[str, Any]]]
) -> None:
    given = machine.variables()
    assert given["images"] == IMAGES
    assert given["bundles"] == json.loads((machine.checkout / "build/bundles/manifest.json").read_text())["stages"]
    bucket, name = given["pipeline_spec"].removeprefix("gs://").split("/", 1)
    spec = machine.site.clients.storage.bucket(bucket).blob(name).download_as_bytes()
    assert name == f"specs/{hashlib.sha256(spec).hexdigest()}.json"
    assert IMAGES["pipelines"].encode() in spec
    assert b"pipelines-python:v1" not in spec


def test_a_release_keeps_what_a_rollback_needs(machine: Machine, deployed: tuple[Said, list[dict[str, Any]]]) -> None:
    last = machine.ripple("releases").json["releases"][-1]
    assert last["images"] == IMAGES
    bucket = machine.site.clients.storage.bucket(f"{PROJECT}-models")
    assert bucket.blob(f"releases/archives/{last['archive']}.zip").exists()
    for kept in last["bundles"].values():
        data = bucket.blob(f"releases/bundles/{kept['sha256']}.zip").download_as_bytes()
        assert hashlib.sha256(data).hexdigest() == kept["sha256"]


def test_a_rollback_brings_its_own_bundles_and_images(
    machine: Machine, deployed: tuple[Said, list[dict[str, Any]]], tmp_path: Path
) -> None:
    target = CloudTarget(
        name="dev",
        clients=machine.site.clients,
        data=tmp_path,
        builder=lambda: pytest.fail("an image that is there is built again"),
        program=str(machine.programs / "terraform"),
    )
    environment = Environment(
        name="dev", clients=machine.site.clients, target=target, work=tmp_path, now=lambda: NOW, owner="bob@host"
    )
    last = environment.releases.list_all()[-1]
    since = replace(last.manifest, parts={**last.manifest.parts, "replay": "edited since"})
    machine.given()
    release, verdict = restore(environment, last, since, lambda _: None)
    assert verdict.passed
    assert (release.restores, release.images, release.spec_uri) == (last.number, IMAGES, last.spec_uri)
    given = machine.given()
    assert commands(given) == [*("init", 'apply module.stage["replay"]'), *("init", "plan", "show", "apply", "output")]
    root = Path(given[0]["folder"]).parents[2]
    assert root.is_relative_to(tmp_path)
    for kept in release.bundles.values():
        assert hashlib.sha256((root / kept["path"]).read_bytes()).hexdigest() == kept["sha256"]


def test_a_rollback_that_would_lose_data_stops(
    machine: Machine, deployed: tuple[Said, list[dict[str, Any]]], tmp_path: Path
) -> None:
    program = str(machine.programs / "terraform")
    clients = machine.site.clients
    target = CloudTarget(name="dev", clients=clients, data=tmp_path, builder=lambda: None, program=program)
    (tmp_path / "infra" / "envs" / "dev").mkdir(parents=True)
    shutil.copy(HERE / "cases" / "plan_second.json", machine.programs / "plan.json")
    with pytest.raises(PermanentError, match=r"google_storage_bucket\.old"):
        target.finish(Inputs(root=tmp_path, release=1), [])
    (machine.programs / "plan.json").write_text(NOTHING)
    assert "apply" not in commands(machine.given())


def test_only_images_by_digest_are_taken(machine: Machine) -> None:
    said = machine.ripple("deploy", "--image", "generators=ripple/generators:latest")
    assert said.code == 2
    assert "REFERENCE@sha256:DIGEST" in said.errors


def test_taking_a_project_away_needs_its_name(machine: Machine) -> None:
    machine.given()
    asked = ["destroy", "--env", "dev", "--project", PROJECT]
    done = CliRunner().invoke(app, asked, input="another\n", env={"PATH": f"{machine.programs}:{os.environ['PATH']}"})
    assert done.exit_code == 1
    assert machine.given() == []


def test_what_was_never_deployed_from_here_is_not_destroyed(machine: Machine) -> None:
    said = machine.ripple("destroy", "--yes")
    assert said.code == 1
    assert "nothing was deployed from here" in said.errors


def test_a_foundation_is_laid_with_a_state_bucket_that_keeps_versions(machine: Machine) -> None:
    bucket = machine.site.clients.storage.bucket("shop-tfstate")
    make_state_bucket(bucket, "us-central1")
    make_state_bucket(bucket, "us-central1")
    bucket.reload()
    assert bucket.versioning_enabled
    assert bucket.iam_configuration.uniform_bucket_level_access_enabled
    assert bucket.iam_configuration.public_access_prevention == "enforced"
