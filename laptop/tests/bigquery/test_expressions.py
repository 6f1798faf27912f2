"""Right SQL or a loud error, never silently different numbers: each case held against BigQuery's answer, and GoogleSQL's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
import zetasql.types as zt
from google.api_core.exceptions import BadRequest
from zetasql.api import CatalogBuilder, PreparedQuery

from laptop.tests.bigquery.conftest import PROJECT, Cloud
from laptop.tests.bigquery.googlesql import GoogleSql

CASES = yaml.safe_load(Path(__file__).with_name("expressions.yaml").read_text())


@pytest.fixture(scope="module")
def googlesql() -> GoogleSql:
    return GoogleSql(PROJECT)


def statement(case: dict[str, Any]) -> str:
    return f"SELECT CAST({case['sql']} AS STRING) AS v"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["sql"])
def test_an_expression_has_bigquerys_value(cloud: Cloud, case: dict[str, Any]) -> None:
    if "error" in case:
        with pytest.raises(BadRequest, match=f"(?i){case['error']}"):
            cloud.value(statement(case))
    else:
        assert cloud.value(statement(case)) == case["wanted"]


@pytest.mark.timeout(300)
def test_the_wanted_values_are_those_of_googlesqls_reference_evaluator(googlesql: GoogleSql) -> None:
    different = {}
    for case in CASES:
        if case.get("reference", True):
            found = evaluate(googlesql, statement(case))
            agrees = str(found).startswith("error") if "error" in case else found == case["wanted"]
            if not agrees:
                different[case["sql"]] = found
    assert different == {}


def evaluate(googlesql: GoogleSql, sql: str) -> str | None:
    """The one value of a query, "error" if it is refused."""
    options = zt.AnalyzerOptions(language_options=googlesql.language)
    functions = zt.ZetaSQLBuiltinFunctionOptions(language_options=googlesql.language)
    catalog = CatalogBuilder("bigquery").with_builtin_functions(functions).build()
    builder = PreparedQuery.builder().set_sql(sql).set_analyzer_options(options).set_catalog(catalog)
    try:
        with builder.set_service(googlesql.service).prepare() as prepared:
            return prepared.execute().content.table_data.row[0].cell[0].string_value
    except Exception as error:
        return f"error: {error}"
