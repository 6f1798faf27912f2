"""A compiled graph read into actions, refusals and the resources of the API."""

from __future__ import annotations

from typing import Any

import pytest

from laptop.dataform.graph import read_actions, unsupported_parts
from laptop.dataform.resources import compilation_errors, compiled_actions, new_action, page


def named(name: str, **more: Any) -> dict[str, Any]:
    return {"target": {"database": "p", "schema": "s", "name": name}, "fileName": f"definitions/{name}.sqlx", **more}


def ref(name: str) -> dict[str, str]:
    return {"database": "p", "schema": "s", "name": name}


GRAPH: dict[str, Any] = {
    "tables": [
        named("t", enumType="TABLE", query="SELECT 1", tags=["x"], dependencyTargets=[ref("source")]),
        named("v", enumType="VIEW", query="SELECT 2", disabled=True),
        named("i", enumType="INCREMENTAL", query="SELECT 3", incrementalQuery="SELECT 4"),
    ],
    "operations": [named("o", queries=["SELECT 5", "SELECT 6"], hasOutput=True)],
    "assertions": [named("a", query="SELECT 7", parentAction=ref("t"))],
    "declarations": [named("source")],
}


def resource(name: str, graph: dict[str, Any] = GRAPH) -> dict[str, Any]:
    return next(each for each in compiled_actions(graph) if each["target"]["name"] == name)


def test_every_action_is_read_with_its_kind() -> None:
    kinds = {each.target.name: each.kind for each in read_actions(GRAPH)}
    assert kinds == {
        "t": "table",
        "v": "view",
        "i": "incremental",
        "o": "operations",
        "a": "assertion",
        "source": "declaration",
    }


def test_an_action_knows_what_it_depends_on_its_tags_and_whether_it_runs() -> None:
    table, view, *_ = read_actions(GRAPH)
    assert (str(table.dependencies[0]), table.tags, table.disabled) == ("p.s.source", ("x",), False)
    assert (view.dependencies, view.tags, view.disabled) == ((), (), True)


def test_an_empty_graph_has_no_actions() -> None:
    assert read_actions({}) == []
    assert compiled_actions({}) == []
    assert compilation_errors({}) == []


@pytest.mark.parametrize(
    ("graph", "refused"),
    [
        (GRAPH, []),
        ({"notebooks": [{}]}, ["notebooks"]),
        ({"dataPreparations": [{}]}, ["dataPreparations"]),
        ({"tables": [named("t", enumType="TABLE", jitCode="x")]}, ["jitCode of p.s.t"]),
        ({"tables": [named("t", enumType="VIEW", materialized=True)]}, ["materialized view p.s.t"]),
        ({"tables": [named("t", enumType="INCREMENTAL", onSchemaChange="EXTEND")]}, ["onSchemaChange of p.s.t"]),
        ({"tables": [named("t", enumType="INCREMENTAL", onSchemaChange="IGNORE")]}, []),
        (
            {"tables": [named("t", enumType="INCREMENTAL", incrementalStrategy="INSERT_OVERWRITE")]},
            ["INSERT_OVERWRITE of p.s.t"],
        ),
        ({"tables": [named("t", enumType="INCREMENTAL", incrementalStrategy="MERGE")]}, []),
    ],
)
def test_what_is_not_run_here_is_refused_by_name(graph: dict[str, Any], refused: list[str]) -> None:
    assert unsupported_parts(graph) == refused


def test_a_relation_is_shown_with_its_type_query_and_layout() -> None:
    options = {"partitionBy": "day", "clusterBy": ["a", "b"]}
    graph = {"tables": [named("t", enumType="TABLE", query="SELECT 1", preOps=["P"], postOps=["Q"], bigquery=options)]}
    relation = resource("t", graph)["relation"]
    assert (relation["relationType"], relation["selectQuery"]) == ("TABLE", "SELECT 1")
    assert (relation["preOperations"], relation["postOperations"]) == (["P"], ["Q"])
    assert (relation["partitionExpression"], relation["clusterExpressions"]) == ("day", ["a", "b"])
    assert "incrementalTableConfig" not in relation


def test_an_incremental_table_is_shown_with_both_its_queries() -> None:
    table = named(
        "i",
        enumType="INCREMENTAL",
        query="SELECT 3",
        incrementalQuery="SELECT 4",
        protected=True,
        uniqueKey=["id"],
        incrementalPreOps=["P"],
        bigquery={"updatePartitionFilter": "day > 1"},
    )
    relation = resource("i", {"tables": [table]})["relation"]
    assert relation["relationType"] == "INCREMENTAL_TABLE"
    assert relation["incrementalTableConfig"] == {
        "incrementalSelectQuery": "SELECT 4",
        "refreshDisabled": True,
        "uniqueKeyParts": ["id"],
        "updatePartitionFilter": "day > 1",
        "incrementalPreOperations": ["P"],
        "incrementalPostOperations": [],
    }


def test_a_view_is_shown_as_disabled_with_its_dependencies() -> None:
    assert (resource("v")["relation"]["relationType"], resource("v")["relation"]["disabled"]) == ("VIEW", True)
    assert resource("t")["relation"]["dependencyTargets"] == [ref("source")]


def test_operations_an_assertion_and_a_declaration_have_shapes_of_their_own() -> None:
    operations, assertion = resource("o")["operations"], resource("a")["assertion"]
    assert (operations["queries"], operations["hasOutput"]) == (["SELECT 5", "SELECT 6"], True)
    assert (assertion["selectQuery"], assertion["parentAction"]) == ("SELECT 7", ref("t"))
    assert resource("source")["declaration"] == {"relationDescriptor": {"description": "", "columns": []}}
    assert "relation" not in resource("a")


def test_an_assertion_of_its_own_has_no_parent() -> None:
    graph = {"assertions": [named("a", query="SELECT 7")]}
    assert "parentAction" not in resource("a", graph)["assertion"]


def test_descriptions_of_tables_and_columns_are_shown() -> None:
    descriptor = {
        "description": "Prices.",
        "columns": [{"path": ["sku"], "description": "Article."}, {"path": ["a", "b"]}],
    }
    graph = {"tables": [named("t", enumType="TABLE", query="SELECT 1", actionDescriptor=descriptor)]}
    assert resource("t", graph)["relation"]["relationDescriptor"] == {
        "description": "Prices.",
        "columns": [{"path": ["sku"], "description": "Article."}, {"path": ["a", "b"], "description": ""}],
    }


def test_the_canonical_target_is_that_without_overrides() -> None:
    graph = {"tables": [named("t", enumType="TABLE", query="SELECT 1", canonicalTarget=ref("plain"))]}
    assert resource("t", graph)["canonicalTarget"] == ref("plain")
    assert resource("t")["canonicalTarget"] == ref("t")
    assert resource("t")["filePath"] == "definitions/t.sqlx"


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        ({"message": "m"}, {"message": "m"}),
        ({}, {"message": ""}),
        (
            {"message": "m", "stack": "s", "fileName": "definitions/a.sqlx"},
            {"message": "m", "stack": "s", "path": "definitions/a.sqlx"},
        ),
        ({"message": "m", "actionTarget": ref("t")}, {"message": "m", "actionTarget": ref("t")}),
    ],
)
def test_a_compilation_error_shows_where_it_is(error: dict[str, Any], shown: dict[str, Any]) -> None:
    assert compilation_errors({"graphErrors": {"compilationErrors": [error]}}) == [shown]


@pytest.mark.parametrize(("index", "state"), [(0, "PENDING"), (1, "DISABLED")])
def test_an_action_of_an_invocation_waits_unless_it_is_disabled(index: int, state: str) -> None:
    record = new_action("n", read_actions(GRAPH)[index])
    assert (record["state"], record["bigqueryAction"]) == (state, {})


@pytest.mark.parametrize(
    ("size", "token", "found", "following"),
    [
        (2, "", [0, 1], "2"),
        (2, "2", [2, 3], "4"),
        (2, "4", [4], ""),
        (5, "", [0, 1, 2, 3, 4], ""),
        (9, "0", [0, 1, 2, 3, 4], ""),
        (2, "9", [], ""),
    ],
)
def test_a_list_comes_in_pages(size: int, token: str, found: list[int], following: str) -> None:
    items = [{"n": number} for number in range(5)]
    assert page(items, size, token) == ([{"n": number} for number in found], following)


@pytest.mark.parametrize("token", ["x", "-1", "1.5", " 2"])
def test_a_token_that_is_none_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match="pageToken"):
        page([], 2, token)
