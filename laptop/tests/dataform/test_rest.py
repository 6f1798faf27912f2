"""The REST surface where nothing is compiled or run: one server for the module, no BigQuery, no node."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from laptop.dataform.invocations import read_states
from laptop.dataform.repositories import list_folder
from laptop.dataform.server import start
from laptop.hosting import Service

PARENT = "projects/demo-proj/locations/us-central1"
AUTHOR = {"author": {"name": "t", "emailAddress": "t@example.com"}}


@pytest.fixture(scope="module")
def http(launch: Callable[..., Service]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://{launch(start).address}/v1/", trust_env=False) as client:
        yield client


@pytest.fixture
def repository(http: httpx.Client, request: pytest.FixtureRequest) -> str:
    return make(http, f"r{zlib.crc32(request.node.name.encode())}")


def make(http: httpx.Client, name: str) -> str:
    answer = http.post(f"{PARENT}/repositories?repositoryId={name}", json={"labels": {"a": "b"}})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["name"])


def write(text: bytes) -> dict[str, Any]:
    return {"writeFile": {"contents": base64.b64encode(text).decode()}}


def commit(http: httpx.Client, repository: str, operations: dict[str, Any], **more: Any) -> httpx.Response:
    body = {"commitMetadata": AUTHOR, "fileOperations": operations, **more}
    return http.post(f"{repository}:commit", json=body)


def error(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["status"]


@pytest.mark.parametrize("name", ["", "has space", "a/b", "x" * 91, "ü"])
def test_a_repository_id_that_breaks_the_rules_is_refused(http: httpx.Client, name: str) -> None:
    answer = http.post(f"{PARENT}/repositories", params={"repositoryId": name}, json={})
    assert error(answer) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize("field", ["gitRemoteSettings", "kmsKeyName", "workspaceCompilationOverrides"])
def test_a_field_nobody_serves_is_refused_by_name(http: httpx.Client, field: str) -> None:
    answer = http.post(f"{PARENT}/repositories?repositoryId=unserved", json={field: {"x": 1}})
    assert error(answer) == (501, "UNIMPLEMENTED")
    assert field in answer.text
    assert http.get(f"{PARENT}/repositories/unserved").status_code == 404


def test_a_repository_shows_what_it_was_made_with_and_not_its_head(http: httpx.Client, repository: str) -> None:
    commit(http, repository, {"x": write(b"1")})
    found = http.get(repository).json()
    assert found["labels"] == {"a": "b"}
    assert sorted(found) == ["createTime", "labels", "name"]


def test_repositories_of_another_place_are_not_listed(http: httpx.Client, repository: str) -> None:
    http.post("projects/demo-proj/locations/europe-west1/repositories?repositoryId=far", json={})
    here = [each["name"] for each in http.get(f"{PARENT}/repositories?pageSize=1000").json()["repositories"]]
    far = http.get("projects/demo-proj/locations/europe-west1/repositories").json()["repositories"]
    assert repository in here
    assert not any("europe" in name for name in here)
    assert [each["name"].rsplit("/", 1)[1] for each in far] == ["far"]


@pytest.mark.parametrize("body", ["{", "[]", '"text"', "5"])
def test_a_body_that_is_no_json_object_is_refused(http: httpx.Client, repository: str, body: str) -> None:
    assert error(http.post(f"{repository}:commit", content=body)) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize("query", ["pageSize=x", "pageToken=x", "pageToken=-1"])
def test_a_page_that_makes_no_sense_is_refused(http: httpx.Client, query: str) -> None:
    assert error(http.get(f"{PARENT}/repositories?{query}")) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize("query", ["filter=x", "orderBy=name"])
def test_filters_and_orders_are_refused_by_name(http: httpx.Client, query: str) -> None:
    assert error(http.get(f"{PARENT}/repositories?{query}")) == (501, "UNIMPLEMENTED")


@pytest.mark.parametrize(
    ("text", "states"),
    [
        ("", set()),
        ('state = "RUNNING" OR state = "CANCELING"', {"RUNNING", "CANCELING"}),
        ("state=FAILED", {"FAILED"}),
    ],
)
def test_a_filter_of_invocations_names_states(text: str, states: set[str]) -> None:
    assert read_states(text) == states


@pytest.mark.parametrize("query", ["filter=name=x", 'filter=state != "FAILED"', 'filter=state="A" AND state="B"'])
def test_any_other_filter_of_invocations_is_refused(http: httpx.Client, repository: str, query: str) -> None:
    assert error(http.get(f"{repository}/workflowInvocations?{query}")) == (501, "UNIMPLEMENTED")


def test_a_filter_of_states_is_served(http: httpx.Client, repository: str) -> None:
    asked = {"filter": 'state = "RUNNING" OR state = "CANCELING"'}
    assert http.get(f"{repository}/workflowInvocations", params=asked).json() == {"workflowInvocations": []}


@pytest.mark.parametrize(
    "metadata", [None, {}, {"author": {}}, {"author": {"name": "t"}}, {"author": {"emailAddress": "t@example.com"}}]
)
def test_a_commit_needs_an_author(http: httpx.Client, repository: str, metadata: Any) -> None:
    answer = commit(http, repository, {"x": write(b"1")}, commitMetadata=metadata)
    assert error(answer) == (400, "INVALID_ARGUMENT")


def test_a_commit_on_the_head_it_requires_is_taken(http: httpx.Client, repository: str) -> None:
    first = commit(http, repository, {"x": write(b"1")}).json()["commitSha"]
    second = commit(http, repository, {"x": write(b"2")}, requiredHeadCommitSha=first)
    assert second.status_code == 200
    third = commit(http, repository, {"x": write(b"3")}, requiredHeadCommitSha=first)
    assert error(third) == (400, "FAILED_PRECONDITION")
    assert read(http, repository, "x") == b"2"


def read(http: httpx.Client, repository: str, path: str, sha: str = "") -> bytes:
    answer = http.get(f"{repository}:readFile", params={"path": path, **({"commitSha": sha} if sha else {})})
    assert answer.status_code == 200, answer.text
    return base64.b64decode(answer.json()["contents"])


@pytest.mark.parametrize(
    ("contents", "expected"),
    [("_-8=", b"\xff\xef"), ("/+8=", b"\xff\xef"), ("", b""), ("w6k=", "é".encode())],
)
def test_contents_are_base64_of_either_alphabet(
    http: httpx.Client, repository: str, contents: str, expected: bytes
) -> None:
    assert commit(http, repository, {"x": {"writeFile": {"contents": contents}}}).status_code == 200
    assert read(http, repository, "x") == expected


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        ({"writeFile": {"contents": "!"}}, "INVALID_ARGUMENT"),
        ({"writeFile": {"contents": "abc"}}, "INVALID_ARGUMENT"),
        ({"moveFile": {}}, "INVALID_ARGUMENT"),
        ({}, "INVALID_ARGUMENT"),
        ({"deleteFile": {}}, "FAILED_PRECONDITION"),
    ],
)
def test_a_commit_with_one_bad_operation_changes_nothing(
    http: httpx.Client, repository: str, operation: dict[str, Any], status: str
) -> None:
    commit(http, repository, {"kept": write(b"old")})
    answer = commit(http, repository, {"kept": write(b"new"), "bad": operation})
    assert error(answer) == (400, status)
    assert read(http, repository, "kept") == b"old"


def test_a_file_is_read_at_an_abbreviated_commit(http: httpx.Client, repository: str) -> None:
    first = commit(http, repository, {"x": write(b"1")}).json()["commitSha"]
    commit(http, repository, {"x": write(b"2")})
    assert read(http, repository, "x", first[:7]) == b"1"
    assert read(http, repository, "x", "main") == b"2"


@pytest.mark.parametrize("sha", ["abcdef", "0123456789", "HEAD~1", "f" * 41])
def test_a_commit_that_is_none_is_refused(http: httpx.Client, repository: str, sha: str) -> None:
    commit(http, repository, {"x": write(b"1")})
    answer = http.get(f"{repository}:readFile", params={"path": "x", "commitSha": sha})
    assert error(answer) == (400, "INVALID_ARGUMENT")


def test_an_empty_repository_has_no_head(http: httpx.Client, repository: str) -> None:
    assert error(http.get(f"{repository}:readFile", params={"path": "x"})) == (400, "INVALID_ARGUMENT")
    assert error(http.post(f"{repository}/compilationResults", json={})) == (400, "INVALID_ARGUMENT")


def test_a_folder_is_no_file(http: httpx.Client, repository: str) -> None:
    commit(http, repository, {"a/b": write(b"1")})
    assert error(http.get(f"{repository}:readFile", params={"path": "a"})) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("folder", "entries"),
    [
        ("", [{"directory": "a"}, {"directory": "b"}, {"file": "z"}]),
        ("a", [{"directory": "a/c"}, {"file": "a/x"}, {"file": "a/y"}]),
        ("a/c", [{"file": "a/c/d"}]),
        ("b", [{"file": "b/x"}]),
        ("ab", []),
        ("z", []),
    ],
)
def test_a_folder_has_its_folders_then_its_files(folder: str, entries: list[dict[str, str]]) -> None:
    assert list_folder(["z", "a/y", "a/x", "a/c/d", "b/x"], folder) == entries


@pytest.mark.parametrize(
    "path",
    [
        "repositories/none",
        "repositories/none/compilationResults",
        "repositories/none/compilationResults/c",
        "repositories/none/compilationResults/c:query",
        "repositories/none/workflowInvocations",
        "repositories/none/workflowInvocations/i",
        "repositories/none/workflowInvocations/i:query",
        "repositories/none:readFile",
        "repositories/none:queryDirectoryContents",
    ],
)
def test_what_is_not_there_is_not_found(http: httpx.Client, path: str) -> None:
    assert error(http.get(f"{PARENT}/{path}")) == (404, "NOT_FOUND")


@pytest.mark.parametrize("verb", ["", ":cancel"])
def test_an_invocation_that_is_not_there_is_neither_deleted_nor_cancelled(
    http: httpx.Client, repository: str, verb: str
) -> None:
    path = f"{repository}/workflowInvocations/i{verb}"
    assert error(http.post(path, json={}) if verb else http.delete(path)) == (404, "NOT_FOUND")


def test_an_invocation_needs_a_compilation_of_the_same_repository(http: httpx.Client, repository: str) -> None:
    for name in ("", f"{PARENT}/repositories/other/compilationResults/c"):
        answer = http.post(f"{repository}/workflowInvocations", json={"compilationResult": name})
        assert error(answer) == (400, "INVALID_ARGUMENT")
    answer = http.post(
        f"{repository}/workflowInvocations", json={"compilationResult": f"{repository}/compilationResults/c"}
    )
    assert error(answer) == (404, "NOT_FOUND")


def test_variables_of_a_compilation_are_strings(http: httpx.Client, repository: str) -> None:
    commit(http, repository, {"x": write(b"1")})
    body = {"codeCompilationConfig": {"vars": {"batch": 1}}}
    assert error(http.post(f"{repository}/compilationResults", json=body)) == (400, "INVALID_ARGUMENT")


def test_a_project_without_a_lock_is_a_compilation_error(http: httpx.Client, repository: str) -> None:
    commit(http, repository, {"workflow_settings.yaml": write(b"defaultProject: p\n")})
    answer = http.post(f"{repository}/compilationResults", json={"gitCommitish": "main"})
    assert answer.status_code == 200
    assert "package-lock.json" in answer.json()["compilationErrors"][0]["message"]


def test_a_repository_with_results_is_deleted_only_by_force(http: httpx.Client, repository: str) -> None:
    commit(http, repository, {"x": write(b"1")})
    compiled = http.post(f"{repository}/compilationResults", json={}).json()["name"]
    assert error(http.delete(repository)) == (400, "FAILED_PRECONDITION")
    assert http.get(compiled).status_code == 200
    assert http.delete(f"{repository}?force=true").status_code == 200
    assert http.get(repository).status_code == http.get(compiled).status_code == 404


def test_a_compilation_with_errors_cannot_be_run(http: httpx.Client, repository: str) -> None:
    commit(http, repository, {"x": write(b"1")})
    compiled = http.post(f"{repository}/compilationResults", json={}).json()["name"]
    answer = http.post(f"{repository}/workflowInvocations", json={"compilationResult": compiled})
    assert error(answer) == (400, "FAILED_PRECONDITION")
    assert http.get(f"{repository}/workflowInvocations").json() == {"workflowInvocations": []}
