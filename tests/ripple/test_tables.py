"""The tables that a plan names are those that the Dataform project writes."""

from __future__ import annotations

from ripple.tables import BATCH_TABLES, VIEWS, WHOLE_TABLES
from tests.sql.project import compile_graph, name_of


def test_the_tables_of_a_run_are_those_of_the_compiled_project() -> None:
    tables = compile_graph(1)["tables"]
    by_kind = {
        kind: sorted(name_of(node["target"]) for node in tables if node["type"] == kind)
        for kind in {node["type"] for node in tables}
    }
    assert by_kind == {"incremental": sorted(BATCH_TABLES), "table": sorted(WHOLE_TABLES), "view": sorted(VIEWS)}
