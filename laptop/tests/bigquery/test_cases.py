"""Each case is held against the laptop, and against GoogleSQL's reference evaluator: neither the code nor a case can drift alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from laptop.tests.bigquery.cases import (
    FOLDER,
    Case,
    disagreement,
    read_cases,
    reference_disagreement,
    temporary_warehouse,
)
from laptop.tests.bigquery.reference import Reference
from laptop.tests.bigquery.warehouse import Warehouse

FILES = sorted(path.stem for path in FOLDER.glob("*.yaml"))


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    yield from temporary_warehouse()


@pytest.fixture(scope="module")
def reference() -> Reference:
    return Reference()


@pytest.mark.parametrize("case", read_cases(*FILES), ids=lambda case: str(case["sql"])[:120])
def test_a_query_has_bigquerys_answer_or_is_refused_by_name(warehouse: Warehouse, case: Case) -> None:
    assert disagreement(warehouse, case) is None


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", FILES)
def test_the_cases_say_what_googlesqls_reference_evaluator_answers(reference: Reference, name: str) -> None:
    judged = ((case["sql"], reference_disagreement(reference, case)) for case in read_cases(name))
    assert {sql: found for sql, found in judged if found is not None} == {}


@pytest.mark.parametrize("name", FILES)
def test_a_case_says_one_thing(name: str) -> None:
    for case in read_cases(name):
        assert len({"wanted", "rows", "error", "refused"} & set(case)) == 1, case["sql"]
        assert all(case[kind] for kind in ("error", "refused") if kind in case), case["sql"]
        assert set(case) <= {"sql", "type", "wanted", "columns", "rows", "error", "refused", "reference"}, case["sql"]


@pytest.mark.parametrize("name", FILES)
def test_no_case_is_there_twice(name: str) -> None:
    texts = [case["sql"] for case in read_cases(name)]
    assert sorted({text for text in texts if texts.count(text) > 1}) == []
