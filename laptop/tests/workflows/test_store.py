from collections.abc import Iterator
from pathlib import Path

import pytest

from laptop.workflows.store import ExecutionStore

PARENT = "projects/p/locations/l"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ExecutionStore]:
    opened = ExecutionStore(tmp_path)
    yield opened
    opened.close()


def put(store: ExecutionStore, workflow: str, *executions: str, state: str = "ACTIVE") -> str:
    name = f"{PARENT}/workflows/{workflow}"
    store.put("workflow", PARENT, {"name": name, "state": "ACTIVE"})
    for each in executions:
        store.put("execution", name, {"name": f"{name}/executions/{each}", "state": state})
    return name


def names(found: list[dict[str, str]]) -> list[str]:
    return [each["name"].rsplit("/", 1)[1] for each in found]


def test_a_resource_is_read_as_it_was_written(store: ExecutionStore) -> None:
    store.put("workflow", PARENT, {"name": "n", "labels": {"a": "é"}, "count": 1})
    assert store.get("workflow", "n") == {"name": "n", "labels": {"a": "é"}, "count": 1}
    assert store.get("execution", "n") is None


def test_the_newest_is_listed_first(store: ExecutionStore) -> None:
    name = put(store, "w", "1", "2", "3")
    assert names(store.list_under("execution", name, 0, 10)) == ["3", "2", "1"]
    assert names(store.list_under("execution", name, 1, 1)) == ["2"]
    assert store.list_under("execution", name, 3, 10) == []


def test_a_changed_resource_keeps_its_place(store: ExecutionStore) -> None:
    name = put(store, "w", "1", "2")
    store.put("execution", name, {"name": f"{name}/executions/1", "state": "SUCCEEDED"})
    assert names(store.list_under("execution", name, 0, 10)) == ["2", "1"]


def test_a_list_shows_one_parent_and_one_kind(store: ExecutionStore) -> None:
    put(store, "w", "1")
    name = put(store, "v", "2")
    assert names(store.list_under("execution", name, 0, 10)) == ["2"]
    assert names(store.list_under("workflow", PARENT, 0, 10)) == ["v", "w"]
    assert store.list_under("operation", PARENT, 0, 10) == []


def test_resources_are_found_by_their_state(store: ExecutionStore) -> None:
    name = put(store, "w", "1", "2")
    store.put("execution", name, {"name": f"{name}/executions/1", "state": "FAILED"})
    assert names(store.list_in_state("execution", "ACTIVE")) == ["2"]
    assert names(store.list_in_state("execution", "FAILED")) == ["1"]


def test_a_workflow_is_deleted_with_its_executions_only(store: ExecutionStore) -> None:
    gone, kept = put(store, "gone", "1"), put(store, "kept", "2")
    store.delete_workflow(gone)
    assert store.get("workflow", gone) is None
    assert store.list_under("execution", gone, 0, 10) == []
    assert names(store.list_under("execution", kept, 0, 10)) == ["2"]


def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    first = ExecutionStore(tmp_path)
    name = put(first, "w", "1", state="SUCCEEDED")
    first.close()
    second = ExecutionStore(tmp_path)
    assert names(second.list_under("execution", name, 0, 10)) == ["1"]
    second.close()
