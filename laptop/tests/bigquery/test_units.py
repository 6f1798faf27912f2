"""The pure modules of the translation, case by case."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlglot import exp

from laptop.bigquery.sql.dialect import parse_one
from laptop.bigquery.sql.generator import write_duckdb
from laptop.bigquery.sql.jsons import rewrite_path
from laptop.bigquery.sql.references import Place, TableName, resolve
from laptop.bigquery.sql.script import Branches, Node, Statement, split_script, statement_type
from laptop.bigquery.sql.shape import mentions_file_name, name_columns, partition_predicates
from laptop.bigquery.sql.texts import count_groups
from laptop.bigquery.sql.times import week_start
from laptop.bigquery.sql.types import duck_type, duck_type_of_field, field_of_duck, split_struct
from laptop.http import ApiError
from laptop.tests.bigquery.answers import Answer, Refusal
from laptop.tests.bigquery.cases import temporary_warehouse
from laptop.tests.bigquery.warehouse import PROJECT, Warehouse

Case = dict[str, Any]


def read(name: str) -> list[Case]:
    cases: list[Case] = yaml.safe_load((Path(__file__).parent / "units" / f"{name}.yaml").read_text())
    return cases


def attempt(action: Any) -> Any:
    """What an action gives, or its error."""
    try:
        return action()
    except ApiError as error:
        return Refusal(message=str(error))


def check(case: Case, found: Any, key: str) -> None:
    if "error" in case:
        assert isinstance(found, Refusal), found
        assert case["error"] in found.message
    else:
        assert found == case[key]


def type_of(sql: str) -> exp.DataType:
    cast = parse_one(f"SELECT CAST(NULL AS {sql})").expressions[0]
    found = cast.args["to"]
    assert isinstance(found, exp.DataType)
    return found


@pytest.mark.parametrize("case", read("types"), ids=lambda case: case["sql"])
def test_a_type_in_its_three_spellings(case: Case) -> None:
    check(case, attempt(lambda: duck_type(type_of(case["sql"]))), "duck")
    if "error" not in case:
        field = field_of_duck("c", case.get("described", case["duck"]))
        assert field == {"name": "c", **case["field"]}
        assert duck_type_of_field(field) == case["duck"]


@pytest.mark.parametrize(
    ("duck", "parts"),
    [
        ("STRUCT(a BIGINT, b VARCHAR)", [("a", "BIGINT"), ("b", "VARCHAR")]),
        ('STRUCT("a b" BIGINT)', [("a b", "BIGINT")]),
        ('STRUCT("a""b" BIGINT)', [('a"b', "BIGINT")]),
        ('STRUCT("a, b" BIGINT, c DATE)', [("a, b", "BIGINT"), ("c", "DATE")]),
        ("STRUCT(a STRUCT(b BIGINT, c DATE), d DATE)", [("a", "STRUCT(b BIGINT, c DATE)"), ("d", "DATE")]),
        ("STRUCT(a DECIMAL(38,9)[])", [("a", "DECIMAL(38,9)[]")]),
        ('STRUCT("(" BIGINT)', [("(", "BIGINT")]),
    ],
)
def test_the_fields_of_a_struct_as_duckdb_describes_it(duck: str, parts: list[tuple[str, str]]) -> None:
    assert split_struct(duck) == parts


@pytest.mark.parametrize("duck", ["UUID", "BIT", "MAP(VARCHAR, BIGINT)", "TIMESTAMP_NS"])
def test_a_type_that_bigquery_does_not_have_is_refused(duck: str) -> None:
    with pytest.raises(ApiError, match="Unsupported: result type"):
        field_of_duck("c", duck)


def outline(node: Node) -> Any:
    if isinstance(node, Statement):
        return statement_type(node)
    if isinstance(node, Branches):
        cases = [part for condition, body in node.cases for part in (condition.text, [outline(one) for one in body])]
        return {"IF": cases, "ELSE": [outline(one) for one in node.otherwise]}
    handler = {} if node.handler is None else {"EXCEPTION": [outline(one) for one in node.handler]}
    return {"BEGIN": [outline(one) for one in node.body], **handler}


@pytest.mark.parametrize("case", read("scripts"), ids=lambda case: case["script"] or "empty")
def test_a_script_in_its_statements(case: Case) -> None:
    found = attempt(lambda: [outline(node) for node in split_script(case["script"])])
    check(case, found, "types")


def test_a_statement_keeps_its_own_text() -> None:
    nodes = split_script("SELECT 1 ;\n  SELECT  'a;b' -- end\n;")
    texts = [node.text for node in nodes if isinstance(node, Statement)]
    assert texts == ["SELECT 1", "SELECT  'a;b'"]


@pytest.mark.parametrize("case", read("paths"), ids=lambda case: case["path"] or "empty")
def test_a_json_path(case: Case) -> None:
    check(case, attempt(lambda: rewrite_path(case["path"], brackets=case.get("brackets", False))), "written")


def resolved(sql: str, dataset: str | None = "shop") -> list[TableName]:
    tree = exp.Paren(this=parse_one(sql))
    return resolve(tree, Place(project=PROJECT, dataset=dataset), lambda _name, table, _select: table.copy()).tables


@pytest.mark.parametrize("case", read("tables"), ids=lambda case: case["sql"])
def test_a_name_of_a_table(case: Case) -> None:
    dataset = case.get("dataset", "shop")
    check(case, attempt(lambda: str(resolved(f"SELECT * FROM {case['sql']}", dataset)[0])), "name")


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("SELECT 1", []),
        ("WITH a AS (SELECT 1 AS x) SELECT * FROM a", []),
        ("WITH a AS (SELECT * FROM t) SELECT * FROM a JOIN u ON TRUE", ["t", "u"]),
        ("WITH t AS (SELECT * FROM shop.t) SELECT * FROM t", ["t"]),
        ("SELECT * FROM t WHERE x IN (SELECT y FROM u)", ["t", "u"]),
        ("SELECT (SELECT MAX(x) FROM t) FROM UNNEST([1]) AS y", ["t"]),
        ("SELECT * FROM t, t.items", ["t"]),
        ("SELECT * FROM t AS a, a.items AS i, UNNEST(a.more) AS m", ["t"]),
        ("SELECT * FROM t UNION ALL SELECT * FROM u", ["t", "u"]),
    ],
)
def test_the_tables_that_a_query_reads(sql: str, tables: list[str]) -> None:
    assert sorted(name.table for name in resolved(sql)) == tables


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        ("abc", 0), ("(a)", 1), ("(a)(b)", 2), ("(?:a)", 0), ("(?P<x>a)", 1), (r"\(a\)", 0), ("[(]", 0), ("((a))", 2), ("(?i)a", 0),
        (r"[\]()]", 0), ("[[:alpha:](]", 0),
    ],
)  # fmt: skip
def test_the_capturing_groups_of_a_pattern(pattern: str, count: int) -> None:
    assert count_groups(pattern) == count


@pytest.mark.parametrize(
    ("part", "start"),
    [
        ("WEEK", 3),
        ("WEEK(SUNDAY)", 3),
        ("WEEK(MONDAY)", 4),
        ("WEEK(SATURDAY)", 2),
        ("ISOWEEK", 4),
        ("DAY", None),
        ("WEEKS", None),
    ],
)
def test_the_day_a_week_begins_on(part: str, start: int | None) -> None:
    assert week_start(part) == start


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("SELECT 1, 2 AS a, x, x + 1, s.f, (y), `Z`", ["f0_", "a", "x", "f1_", "f", "y", "Z"]),
        ("SELECT COUNT(*), t.x FROM t", ["f0_", "x"]),
        ("SELECT 1 UNION ALL SELECT 2 AS b", ["f0_"]),
        ("(SELECT 1)", ["f0_"]),
        ("SELECT a.b.c FROM t", ["c"]),
    ],
)
def test_the_names_of_a_querys_columns(sql: str, names: list[str]) -> None:
    tree = parse_one(sql)
    name_columns(tree)
    select = next(iter(tree.find_all(exp.Select, bfs=False)))
    assert [item.alias_or_name for item in select.expressions] == names


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        ("dt = '2026-01-01'", 1),
        ("t.dt = '2026-01-01' AND x = 1", 1),
        ("dt > '2026-01-01' AND country = 'de'", 2),
        ("dt = '2026-01-01' OR x = 1", 0),
        ("u.dt = '2026-01-01'", 0),
        ("dt = other", 0),
        ("dt = day", 1),
        ("dt IN (SELECT d FROM u)", 0),
        ("1 = 1", 0),
        ("(dt = '2026-01-01')", 1),
    ],
)
def test_the_conditions_that_choose_partitions(where: str, kept: int) -> None:
    select = parse_one(f"SELECT * FROM t WHERE {where}")
    assert isinstance(select, exp.Select)
    table = select.find(exp.Table)
    assert table is not None
    found = partition_predicates(select, table, {"dt", "country"}, frozenset({"day"}))
    assert len(found) == kept
    assert all(not column.table for item in found for column in item.find_all(exp.Column))


@pytest.mark.parametrize(
    ("sql", "mentions"),
    [("SELECT _FILE_NAME FROM t", True), ("SELECT x FROM t WHERE _file_name = 'a'", True), ("SELECT * FROM t", False)],
)
def test_whether_a_query_asks_for_the_file_name(sql: str, mentions: bool) -> None:
    assert mentions_file_name(parse_one(sql)) is mentions


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    yield from temporary_warehouse()


@pytest.mark.parametrize("case", read("parameters"), ids=lambda case: f"{case['kind']} {case['answer']}")
@pytest.mark.parametrize("name", ["p", ""])
def test_a_parameter_by_name_and_by_place(warehouse: Warehouse, case: Case, name: str) -> None:
    given = {"parameterType": case["type"], "parameterValue": case["value"], **({"name": name} if name else {})}
    found = warehouse.ask(f"SELECT {'@P' if name else '?'} AS v", parameters=[given])
    assert found == Answer(names=["v"], types=[case["kind"]], rows=[[case["answer"]]])


def test_placeholders_count_in_the_order_of_the_text(warehouse: Warehouse) -> None:
    given = [{"parameterType": {"type": "INT64"}, "parameterValue": {"value": str(value)}} for value in (1, 2, 3)]
    found = warehouse.answer("SELECT ? AS a, ? AS b FROM UNNEST([?]) AS x", parameters=given)
    assert found.rows == [[1, 2]]


@pytest.mark.parametrize("sql", ["SELECT @missing", "SELECT ?"])
def test_a_parameter_that_was_not_given_is_named(warehouse: Warehouse, sql: str) -> None:
    found = warehouse.ask(sql)
    assert isinstance(found, Refusal)
    assert "Query parameter" in found.message
    assert "not found" in found.message


@pytest.mark.parametrize(
    ("sql", "written"),
    [
        (r"SELECT 'it\'s'", "'it''s'"),
        ('SELECT "a\'b"', "'a''b'"),
        ("SELECT 1", "CAST(1 AS BIGINT)"),
        ("SELECT 1.5", "CAST(1.5 AS DOUBLE)"),
        ("SELECT x FROM t LIMIT 5", "LIMIT 5"),
        ("SELECT x FROM t ORDER BY 1", "ORDER BY 1"),
        ("SELECT a NOT LIKE 'b'", "NOT LIKE"),
    ],
)
def test_what_is_written_for_duckdb(sql: str, written: str) -> None:
    assert written in write_duckdb(parse_one(sql))
