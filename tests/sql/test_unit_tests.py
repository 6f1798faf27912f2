"""The project's own unit tests, run on the laptop's BigQuery: the query over its inputs gives what is expected."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sql.project import compile_graph
from tests.sql.warehouse import Warehouse

TESTS: list[dict[str, Any]] = compile_graph(3, "1970-01-01", "1970-01-01")["tests"]


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test["name"])
def test_a_table_makes_of_its_inputs_what_its_unit_test_expects(warehouse: Warehouse, test: dict[str, Any]) -> None:
    made = warehouse.rows(test["testQuery"])
    assert made == warehouse.rows(test["expectedOutputQuery"])
