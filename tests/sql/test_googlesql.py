"""Every statement the project compiles to is GoogleSQL, by GoogleSQL's own analyzer."""

from __future__ import annotations

import pytest

from laptop.tests.bigquery.googlesql import GoogleSql
from tests.sql.project import PROJECT, Action, actions_of, compile_graph, statements


@pytest.fixture(scope="module")
def analyzer() -> GoogleSql:
    return GoogleSql(PROJECT)


def check(analyzer: GoogleSql, action: Action) -> None:
    for statement in statements(action, exists=False):
        if statement.strip().startswith("CREATE"):
            analyzer.create(action.target, statement)
        else:
            analyzer.analyze(statement)
    if action.kind == "tables":
        for statement in statements(action, exists=True, columns=analyzer.columns(action.target)):
            analyzer.analyze(statement)


@pytest.mark.timeout(300)
def test_every_statement_is_googlesql_the_first_time_and_incrementally(analyzer: GoogleSql) -> None:
    refused = {}
    for action in actions_of(compile_graph(7)):
        try:
            check(analyzer, action)
        except Exception as error:
            refused[action.target] = str(error)[:600]
    assert refused == {}


@pytest.mark.timeout(300)
def test_the_analyzer_refuses_what_bigquery_would(analyzer: GoogleSql) -> None:
    with pytest.raises(Exception, match="Unrecognized name: nonsense"):
        analyzer.analyze("SELECT nonsense FROM (SELECT 1 AS a)")
