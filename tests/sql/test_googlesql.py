"""Every statement the project compiles to is GoogleSQL, by GoogleSQL's own analyzer."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from laptop.bigquery.sql.script import Statement, split_script
from laptop.tests.bigquery.googlesql import GoogleSql
from ripple.flows import list_flows
from tests.sql.project import PROJECT, Action, actions_of, compile_graph, statements

_CREATED = re.compile(rf"CREATE\s[A-Z ]*?(?:TABLE|VIEW)(?: IF NOT EXISTS)? `{PROJECT}\.([^`]+)`")
_DECLARED = re.compile(r"DECLARE (\w+) (.+)", re.DOTALL)
_SET = re.compile(r"SET \w+ = (.+)", re.DOTALL)


@pytest.fixture(scope="module")
def analyzer() -> GoogleSql:
    return GoogleSql(PROJECT)


def check(analyzer: GoogleSql, action: Action) -> None:
    for script in statements(action, exists=False):
        check_script(analyzer, script)
    if action.kind == "tables" and action.node["enumType"] == "INCREMENTAL":
        for statement in statements(action, exists=True, columns=analyzer.columns(action.target)):
            check_script(analyzer, statement)


def check_script(analyzer: GoogleSql, script: str) -> None:
    """Statement by statement. The analyzer knows no variables: each stands for an empty value of its type."""
    values: dict[str, str] = {}
    for statement in split_script(script):
        assert isinstance(statement, Statement), f"nothing analyses a {type(statement).__name__}"
        text = statement.text
        for name, value in values.items():
            text = re.sub(rf"(?<!SET )\b{name}\b", value, text)
        if declared := _DECLARED.fullmatch(text):
            values[declared[1]] = f"CAST(NULL AS {declared[2]})"
        elif assigned := _SET.fullmatch(text):
            analyzer.analyze(f"SELECT {assigned[1]}")
        elif created := _CREATED.match(text):
            analyzer.create(created[1], text)
        else:
            analyzer.analyze(text)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("listed", "layers"),
    [(list_flows(), ("",)), ((), ("staging.",))],
    ids=["of files with rows", "of files without any"],
)
def test_every_statement_is_googlesql_the_first_time_and_incrementally(
    listed: Sequence[str], layers: tuple[str, ...], analyzer: GoogleSql
) -> None:
    refused = {}
    for action in actions_of(compile_graph(7, checked=listed, quarantined=listed, forgotten=listed)):
        try:
            if action.target.startswith(layers):
                check(analyzer, action)
        except Exception as error:
            refused[action.target] = str(error)[:600]
    assert refused == {}


@pytest.mark.timeout(300)
def test_the_analyzer_refuses_what_bigquery_would(analyzer: GoogleSql) -> None:
    with pytest.raises(Exception, match="Unrecognized name: nonsense"):
        analyzer.analyze("SELECT nonsense FROM (SELECT 1 AS a)")
