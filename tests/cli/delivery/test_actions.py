"""Which differences of SQL are none."""

from __future__ import annotations

import pytest

from cli.delivery.actions import read_actions, squeeze

EQUAL = [
    ("SELECT  a,\n  b FROM t", "SELECT a, b FROM t"),
    ("SELECT a,b FROM t", "SELECT a , b FROM t"),
    ("SELECT f( a )", "SELECT f(a)"),
    ("SELECT a -- why\nFROM t", "SELECT a FROM t"),
    ("SELECT a /* why\nso */ FROM t", "SELECT a FROM t"),
    ("\n  SELECT 1\n", "SELECT 1"),
    ("SELECT '--' , a", "SELECT '--', a"),
]
DIFFERENT = [
    ("SELECT 'a  b'", "SELECT 'a b'"),
    ("SELECT 'a, b'", "SELECT 'a,b'"),
    ("SELECT '--x'", "SELECT '--y'"),
    ('SELECT "a # b"', 'SELECT "a # c"'),
    ("SELECT `a  b`", "SELECT `a b`"),
    ("SELECT '''a\n b'''", "SELECT '''a b'''"),
    ("SELECT 'it\\'s  so'", "SELECT 'it\\'s so'"),
    ("SELECT a FROM t", "SELECT b FROM t"),
    ("SELECT a -- x\n, b", "SELECT a -- x, b"),
    ("SELECT a b", "SELECT ab"),
]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_statements_that_differ_in_whitespace_and_comments_are_equal(one: str, other: str) -> None:
    assert squeeze(one) == squeeze(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_statements_that_say_something_else_differ(one: str, other: str) -> None:
    assert squeeze(one) != squeeze(other)


def test_an_action_has_its_layout_and_the_columns_that_it_describes() -> None:
    table = {
        "enumType": "INCREMENTAL",
        "target": {"schema": "silver", "name": "t"},
        "fileName": "definitions/t.sqlx",
        "query": "SELECT 1",
        "incrementalQuery": "SELECT 2",
        "uniqueKey": ["id"],
        "bigquery": {"partitionBy": "DATE_TRUNC( day, MONTH )", "clusterBy": ["id"]},
        "actionDescriptor": {"columns": [{"path": ["b"]}, {"path": ["a"]}, {"path": ["a", "x"]}]},
    }
    action = read_actions({"tables": [table]})["silver.t"]
    assert (action.kind, action.columns, action.unique_key, action.cluster) == (
        "incremental",
        ("a", "b"),
        ("id",),
        ("id",),
    )
    assert action.partition == "DATE_TRUNC(day,MONTH)"
    other = read_actions({"tables": [{**table, "incrementalQuery": "SELECT 3"}]})["silver.t"]
    assert action.statements != other.statements
