"""The SQL reads a time that the contract let through as the lander read it, on the laptop and in GoogleSQL's own evaluator."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import zetasql.types as zt
from zetasql.api import CatalogBuilder, PreparedExpression
from zetasql.api.value import Value

from laptop.tests.bigquery.googlesql import GoogleSql
from ripple.rows.contracts import load_contract
from ripple.rows.timestamps import Refusal, parse_timestamp
from tests.ripple.rows.test_timestamps import CASES
from tests.sql.project import PROJECT, actions_of, compile_graph
from tests.sql.warehouse import Warehouse

FLOWS = {"clickstream": "silver.clickstream_events", "startups": "silver.startup_events"}
FIELDS = ("occurred_at", "ingested_at")


@pytest.fixture(scope="module")
def moments() -> dict[tuple[str, str], str]:
    """The expression by flow and field, as it stands in the compiled table."""
    queries = {action.target: action.node.get("query", "") for action in actions_of(compile_graph(1))}
    found = {}
    for flow, target in FLOWS.items():
        for expression in re.findall(r"(CASE\s+WHEN REGEXP_CONTAINS.*?END) AS (\w+)", queries[target], re.S):
            found[flow, expression[1]] = expression[0]
    return found


def accepted(flow: str, field: str) -> list[tuple[Any, int]]:
    """Every value of the tables that the contract's grammar takes there, and the microsecond it stands for."""
    grammar = load_contract(flow).kinds[field]["grammar"]
    values = {json.dumps(case["value"]) for case in CASES if not case.get("datetime")}
    read = [(value, parse_timestamp(json.loads(value), grammar)) for value in sorted(values)]
    return [(json.loads(value), micros) for value, micros in read if not isinstance(micros, Refusal)]


def test_the_compiled_tables_hold_the_four_expressions(moments: dict[tuple[str, str], str]) -> None:
    assert set(moments) == {(flow, field) for flow in FLOWS for field in FIELDS}


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("flow", FLOWS)
def test_the_warehouse_reads_what_the_lander_read(
    flow: str, field: str, moments: dict[tuple[str, str], str], warehouse: Warehouse
) -> None:
    pairs = accepted(flow, field)
    assert len(pairs) > 400
    lines = ", ".join(f"'{json.dumps({field: value})}'" for value, _ in pairs)
    found = warehouse.rows(f"""
        SELECT position, UNIX_MICROS({moments[flow, field]}) AS micros
        FROM UNNEST([{lines}]) AS line WITH OFFSET AS position""")
    read = {row["position"]: row["micros"] for row in found}
    wrong = [(value, micros, read[at]) for at, (value, micros) in enumerate(pairs) if read[at] != micros]
    assert wrong == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("flow", FLOWS)
def test_googlesql_reads_what_the_lander_read(flow: str, moments: dict[tuple[str, str], str]) -> None:
    sql = f"UNIX_MICROS({moments[flow, 'occurred_at']})"
    googlesql = GoogleSql(PROJECT)
    builtin = zt.ZetaSQLBuiltinFunctionOptions(language_options=googlesql.language)
    prepared = (
        PreparedExpression.builder()
        .expression(sql)
        .options(zt.AnalyzerOptions(language_options=googlesql.language))
        .catalog(CatalogBuilder("bigquery").with_builtin_functions(builtin).build())
        .service(googlesql.service)
        .column("line", zt.TypeKind.TYPE_STRING)
        .build()
    )
    wrong = []
    for value, micros in accepted(flow, "occurred_at"):
        read = prepared.execute(columns={"line": Value.string(json.dumps({"occurred_at": value}))})
        if read.is_null() or read.get_int64() != micros:
            wrong.append((value, micros, read))
    assert wrong == []
