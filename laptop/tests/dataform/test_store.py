from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from laptop.dataform.store import RecordStore

REPOSITORY = "projects/p/locations/l/repositories/r"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RecordStore]:
    opened = RecordStore(tmp_path / "dataform.sqlite")
    yield opened
    opened.close()


def commit(store: RecordStore, sha: str, files: dict[str, bytes], repository: str = REPOSITORY) -> None:
    digests = {path: f"digest of {content!r}" for path, content in files.items()}
    blobs = {digests[path]: content for path, content in files.items()}
    store.put_commit({"name": repository, "head": sha}, sha, digests, blobs)


def names(found: list[dict[str, Any]]) -> list[str]:
    return [each["name"] for each in found]


def test_a_commit_sets_the_head_and_keeps_its_files(store: RecordStore) -> None:
    commit(store, "aaa1", {"x": b"\x00\xff", "y": b""})
    assert store.get("repository", REPOSITORY) == {"name": REPOSITORY, "head": "aaa1"}
    files = store.commit_files(REPOSITORY, "aaa1")
    assert {path: store.blob(digest) for path, digest in files.items()} == {"x": b"\x00\xff", "y": b""}


def test_an_older_commit_stays_as_it_was(store: RecordStore) -> None:
    commit(store, "aaa1", {"x": b"old"})
    commit(store, "bbb2", {"x": b"new"})
    assert store.blob(store.commit_files(REPOSITORY, "aaa1")["x"]) == b"old"
    assert store.commit_files(REPOSITORY, "none") == {}


def test_a_commit_is_found_by_the_beginning_of_its_name(store: RecordStore) -> None:
    for sha in ("abc1", "abc2", "def1"):
        commit(store, sha, {})
    commit(store, "abc9", {}, repository="other")
    assert store.find_commits(REPOSITORY, "def") == ["def1"]
    assert sorted(store.find_commits(REPOSITORY, "abc")) == ["abc1", "abc2"]
    assert store.find_commits(REPOSITORY, "%") == []


def test_records_are_listed_oldest_first_and_by_parent(store: RecordStore) -> None:
    for name, parent in (("z", "p1"), ("a", "p1"), ("m", "p2")):
        store.put("compilation", {"name": name}, parent)
    assert names(store.list("compilation", "p1")) == ["z", "a"]
    assert names(store.list("compilation")) == ["z", "a", "m"]
    assert store.list("invocation", "p1") == []


def test_a_changed_record_keeps_its_place(store: RecordStore) -> None:
    for name in ("a", "b"):
        store.put("action", {"name": name, "state": "PENDING"}, "p")
    store.put("action", {"name": "a", "state": "RUNNING"}, "p")
    assert store.list("action", "p") == [{"name": "a", "state": "RUNNING"}, {"name": "b", "state": "PENDING"}]


def test_an_invocation_is_stored_and_deleted_with_its_actions(store: RecordStore) -> None:
    for name in ("i1", "i2"):
        store.put_invocation(
            {"name": name, "state": "RUNNING"}, [{"name": f"{name}/0"}, {"name": f"{name}/1"}], REPOSITORY
        )
    store.delete_invocation("i1")
    assert (store.get("invocation", "i1"), store.list("action", "i1")) == (None, [])
    assert names(store.list("action", "i2")) == ["i2/0", "i2/1"]


def test_a_compilation_is_stored_with_its_graph(store: RecordStore) -> None:
    store.put_compilation({"name": "c"}, {"tables": [1]}, REPOSITORY)
    assert (store.get("compilation", "c"), store.graph("c")) == ({"name": "c"}, {"tables": [1]})
    assert store.graph("none") == {}


def test_a_deleted_repository_takes_with_it_what_is_under_it_and_nothing_else(store: RecordStore) -> None:
    for repository in (REPOSITORY, f"{REPOSITORY}2"):
        commit(store, "aaa1", {"x": b"1"}, repository=repository)
        store.put_compilation({"name": f"{repository}/compilationResults/c"}, {"tables": []}, repository)
        store.put_invocation({"name": f"{repository}/workflowInvocations/i"}, [], repository)
    store.delete_repository(REPOSITORY)
    assert names(store.list("repository")) == [f"{REPOSITORY}2"]
    assert names(store.list("compilation")) == [f"{REPOSITORY}2/compilationResults/c"]
    assert names(store.list("invocation")) == [f"{REPOSITORY}2/workflowInvocations/i"]
    assert store.commit_files(REPOSITORY, "aaa1") == {}
    assert store.commit_files(f"{REPOSITORY}2", "aaa1") != {}


def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    first = RecordStore(tmp_path / "dataform.sqlite")
    commit(first, "aaa1", {"x": b"1"})
    first.close()
    second = RecordStore(tmp_path / "dataform.sqlite")
    assert second.blob(second.commit_files(REPOSITORY, "aaa1")["x"]) == b"1"
    second.close()
