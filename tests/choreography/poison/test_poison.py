"""One odd thing harms only itself: every case's poison at once on one laptop, then innocent files, then quiet."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.explaining import explain
from cli.tracing import trace_object
from tests.choreography.poison.cases import OTHER, TABLES, Case, read_cases
from tests.choreography.poison.lake import PoisonedLake
from tests.choreography.worlds import clients_of, ripple

pytestmark = pytest.mark.timeout(900)
CASES = read_cases(Path(__file__).parent)


def each(expects: Callable[[Case], object] = lambda case: case) -> pytest.MarkDecorator:
    """The cases that say what is expected there: of one that says nothing a test could not fail."""
    chosen = [case for case in CASES if expects(case)]
    return pytest.mark.parametrize("case", chosen, ids=[case.name for case in chosen])


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PoisonedLake]:
    state = tmp_path_factory.mktemp("poison")
    try:
        ripple(state, "up", "--detach")
        with clients_of(state) as clients:
            lake = PoisonedLake(clients)
            lake.live_through(CASES)
            yield lake
    finally:
        ripple(state, "down")


@pytest.fixture(scope="module")
def current(lake: PoisonedLake) -> dict[str, list[str]]:
    return {flow: lake.current_keys(flow) for flow in TABLES}


def test_every_batch_is_done(lake: PoisonedLake) -> None:
    reasons = {number: batch.reason for number, batch in lake.batches().items() if batch.state != "done"}
    assert reasons == {}


@each()
def test_the_innocents_are_in_silver(case: Case, current: dict[str, list[str]]) -> None:
    for flow in (case.flow, OTHER[case.flow]):
        wanted = {f"innocent-{case.name}-{id}" for id in ("a", "b")}
        assert wanted <= set(current[flow]), flow


@each(lambda case: case.current is not None)
def test_what_is_current_of_the_poison_is_what_is_good_of_it(case: Case, current: dict[str, list[str]]) -> None:
    found = [key for key in current[case.flow] if key.startswith(f"{case.name}-")]
    assert found == sorted(map(case.key, case.current or ()))


@each(lambda case: case.rejected or case.reasons)
def test_a_refused_object_says_why(case: Case, lake: PoisonedLake) -> None:
    for name, code in case.rejected.items():
        file = lake.file(name)
        assert (file.state, file.fact and file.fact["code"]) == ("rejected", code), name
    for name, pattern in case.reasons.items():
        said = explain(lake.clients.environ, lake.file(name).uri)
        assert re.search(pattern, said, re.I), said


@each(lambda case: case.quarantined)
def test_rows_that_break_the_contract_or_a_rule_are_set_aside_by_name(case: Case, lake: PoisonedLake) -> None:
    sql = f"SELECT code FROM silver.rejected_rows WHERE STRPOS(source_uri, '/{case.name}.') > 0"
    assert Counter(row["code"] for row in lake.rows(sql)) == case.quarantined


@each(lambda case: case.queries)
def test_its_queries_answer_what_is_right(case: Case, lake: PoisonedLake) -> None:
    for query in case.queries:
        assert [list(map(str, row.values())) for row in lake.rows(query["sql"])] == [
            list(map(str, row)) for row in query["rows"]
        ], query["sql"]


def test_a_deleted_object_is_still_found_with_what_became_of_it(lake: PoisonedLake) -> None:
    case = next(case for case in CASES if case.name == "deleted_after_it_landed")
    uri = f"gs://{lake.clients.project}-bronze/{case.rounds[0][0].name}"
    trace = trace_object(lake.clients.environ, uri)
    assert (trace["state"], trace["run_state"], trace["object"]) == ("landed", "done", "deleted or archived by now")


def test_every_file_s_rows_are_accounted_for(lake: PoisonedLake) -> None:
    sql = "SELECT * FROM ops.file_counts WHERE count_rows != count_silver + count_rejected + count_duplicate"
    assert lake.rows(sql) == []


def test_gold_holds_every_current_order(lake: PoisonedLake, current: dict[str, list[str]]) -> None:
    found = [row["order_id"] for row in lake.rows("SELECT order_id FROM gold.fct_sales ORDER BY order_id")]
    assert found == current["sales"]
