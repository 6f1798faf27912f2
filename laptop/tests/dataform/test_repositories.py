"""Repositories, commits and compilations as Google's client sees them."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor

import pytest
from google.api_core import exceptions
from google.cloud import dataform_v1

from laptop.tests.dataform.conftest import PARENT, Cloud


def test_a_repository_is_there_once_until_it_is_deleted(cloud: Cloud) -> None:
    name = cloud.repository()
    with pytest.raises(exceptions.Conflict):
        cloud.client.create_repository(
            parent=PARENT, repository=dataform_v1.Repository(), repository_id=name.rsplit("/", 1)[1]
        )
    assert name in [item.name for item in cloud.client.list_repositories(parent=PARENT)]
    cloud.client.delete_repository(name=name)
    with pytest.raises(exceptions.NotFound):
        cloud.client.get_repository(name=name)


def test_a_committed_file_is_read_back_and_older_commits_stay(cloud: Cloud) -> None:
    name = cloud.repository()
    first = cloud.commit(name, {"notes.txt": b"one\x00"})
    cloud.commit(name, {"notes.txt": b"two"})
    read = dataform_v1.ReadRepositoryFileRequest
    assert cloud.client.read_repository_file(request=read(name=name, path="notes.txt")).contents == b"two"
    old = cloud.client.read_repository_file(request=read(name=name, path="notes.txt", commit_sha=first))
    assert old.contents == b"one\x00"


def test_a_file_is_deleted_by_a_commit(cloud: Cloud) -> None:
    name = cloud.repository()
    path = name + ":commit"
    author = {"author": {"name": "t", "emailAddress": "t@example.com"}}
    operations = {"workflow_settings.yaml": {"deleteFile": {}}}
    answer = cloud.http.post(path, json={"commitMetadata": author, "fileOperations": operations})
    assert answer.status_code == 200
    assert cloud.http.get(f"{name}:readFile", params={"path": "workflow_settings.yaml"}).status_code == 404


def test_a_folder_lists_what_is_right_in_it(cloud: Cloud) -> None:
    name = cloud.repository()
    query = dataform_v1.QueryRepositoryDirectoryContentsRequest
    root = list(cloud.client.query_repository_directory_contents(request=query(name=name)))
    assert {entry.directory for entry in root} - {""} == {"definitions", "includes"}
    assert "workflow_settings.yaml" in {entry.file for entry in root}
    includes = cloud.client.query_repository_directory_contents(request=query(name=name, path="includes", page_size=1))
    assert [entry.file for entry in includes] == ["includes/batch.js"]


def test_a_folder_that_is_not_there_is_not_found(cloud: Cloud) -> None:
    query = dataform_v1.QueryRepositoryDirectoryContentsRequest(name=cloud.repository(), path="nowhere")
    with pytest.raises(exceptions.NotFound):
        list(cloud.client.query_repository_directory_contents(request=query))


@pytest.mark.parametrize("path", ["../out.txt", "/etc/x", "a//b", "node_modules/x.js", "a/./b", ""])
def test_a_path_outside_the_repository_is_refused_and_nothing_is_committed(cloud: Cloud, path: str) -> None:
    name = cloud.repository()
    author = {"author": {"name": "t", "emailAddress": "t@example.com"}}
    contents = base64.b64encode(b"x").decode()
    operations = {"fine.txt": {"writeFile": {"contents": contents}}, path: {"writeFile": {"contents": contents}}}
    answer = cloud.http.post(f"{name}:commit", json={"commitMetadata": author, "fileOperations": operations})
    assert answer.status_code == 400
    assert cloud.http.get(f"{name}:readFile", params={"path": "fine.txt"}).status_code == 404


def test_a_commit_on_another_head_than_required_is_refused(cloud: Cloud) -> None:
    name = cloud.repository()
    body = {"requiredHeadCommitSha": "0" * 40, "commitMetadata": {"author": {"name": "t", "emailAddress": "t@e.com"}}}
    assert cloud.http.post(f"{name}:commit", json=body).json()["error"]["status"] == "FAILED_PRECONDITION"


def test_compilation_variables_reach_the_sql(cloud: Cloud) -> None:
    repository = cloud.repository()
    compiled = cloud.compile(repository, "42")
    assert compiled.dataform_core_version
    actions = cloud.client.query_compilation_result_actions(request={"name": compiled.name})
    queries = {action.target.name: action.relation.select_query for action in actions}
    assert "42 AS batch" in queries["deliveries"]
    assert cloud.client.get_compilation_result(name=compiled.name).code_compilation_config.vars == {"batch": "42"}


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("config { type: 'table' }\nSELECT * FROM ${ref('missing')}", "missing"),
        ("config { type: 'table' }\nSELECT ${nobody.knows} AS x", "nobody is not defined"),
        ("config { type: 'tabel' }\nSELECT 1 AS x", "tabel"),
    ],
)
def test_errors_of_the_project_come_in_an_answer_of_200_and_cannot_be_run(cloud: Cloud, sql: str, message: str) -> None:
    repository = cloud.repository(**{"definitions/broken.sqlx": sql})
    compiled = cloud.compile(repository)
    assert any(message in error.message for error in compiled.compilation_errors)
    with pytest.raises(exceptions.BadRequest):
        cloud.invoke(repository, compiled.name)


def test_a_broken_settings_file_is_a_compilation_error(cloud: Cloud) -> None:
    repository = cloud.repository(**{"workflow_settings.yaml": "defaultProject: [\n"})
    assert cloud.compile(repository).compilation_errors


def test_a_commitish_that_names_nothing_is_refused(cloud: Cloud) -> None:
    body = {"gitCommitish": "elsewhere"}
    answer = cloud.http.post(f"{cloud.repository()}/compilationResults", json=body)
    assert answer.status_code == 400
    assert "elsewhere" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("collection", "body"),
    [
        ("compilationResults", {"workspace": "w"}),
        ("compilationResults", {"releaseConfig": "r"}),
        ("workflowInvocations", {"workflowConfig": "w"}),
    ],
)
def test_what_is_not_served_is_refused_by_name(cloud: Cloud, collection: str, body: dict[str, str]) -> None:
    answer = cloud.http.post(f"{cloud.repository()}/{collection}", json=body)
    assert answer.status_code == 501
    assert next(iter(body)) in answer.json()["error"]["message"]


def test_lists_come_in_pages_newest_first(cloud: Cloud) -> None:
    repository = cloud.repository()
    made = [cloud.compile(repository, str(number)).name for number in range(3)]
    request = dataform_v1.ListCompilationResultsRequest(parent=repository, page_size=2)
    assert [item.name for item in cloud.client.list_compilation_results(request=request)] == made[::-1]


def test_compilations_of_one_commit_at_once_all_succeed(cloud: Cloud) -> None:
    name = cloud.repository()
    wanted = dataform_v1.CompilationResult(git_commitish="main")

    def compile_it(_: int) -> dataform_v1.CompilationResult:
        return cloud.client.create_compilation_result(parent=name, compilation_result=wanted)

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(compile_it, range(4)))
    assert [list(result.compilation_errors) for result in results] == [[]] * 4
