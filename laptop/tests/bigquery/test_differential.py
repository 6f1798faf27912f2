"""Queries made by chance have the answer of GoogleSQL's reference evaluator. A difference prints its seed: `--seed N` replays it."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from laptop.tests.bigquery.answers import Answer, Refusal
from laptop.tests.bigquery.cases import temporary_warehouse
from laptop.tests.bigquery.differential import agree, compare, create_tables, search
from laptop.tests.bigquery.queries import Query, make_query
from laptop.tests.bigquery.reference import Reference
from laptop.tests.bigquery.warehouse import Warehouse

FIRST_SEED, SECONDS = 1, 8.0
# Seeds that once gave another answer.
FOUND = [19, 68, 196]


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    for made in temporary_warehouse():
        create_tables(made)
        yield made


@pytest.fixture(scope="module")
def reference() -> Reference:
    return Reference()


@pytest.mark.timeout(300)
def test_no_generated_query_has_another_answer(warehouse: Warehouse, reference: Reference) -> None:
    seeds = iter(range(FIRST_SEED, 1_000_000))
    started = time.process_time()
    different = list(search(warehouse, reference, seeds, SECONDS))
    assert different == [], "\n".join(map(str, different))
    assert next(seeds) > FIRST_SEED + 20, f"few queries in {time.process_time() - started} s of CPU"


@pytest.mark.parametrize("seed", FOUND)
def test_what_was_found_once_stays_right(warehouse: Warehouse, reference: Reference, seed: int) -> None:
    assert compare(warehouse, reference, seed) is None


def test_a_seed_always_makes_the_same_query() -> None:
    queries = [make_query(random.Random(seed)) for seed in range(200)]
    assert queries == [make_query(random.Random(seed)) for seed in range(200)]
    assert len({query.sql for query in queries}) > 180


def test_the_laptop_answers_most_of_what_is_generated(warehouse: Warehouse) -> None:
    """Else the search would hold refusals against nothing."""
    kinds = Counter(type(warehouse.ask(make_query(random.Random(seed)).sql, dataset="shop")) for seed in range(80))
    assert kinds[Answer] > 64, kinds


@pytest.mark.parametrize(
    ("wanted", "ordered", "same"),
    [
        ([[1], [2]], True, True),
        ([[2], [1]], True, False),
        ([[2], [1]], False, True),
        ([[1]], False, False),
        ([[1], [3]], False, False),
        ([[1], [2.0]], False, False),
        ([[1], [True]], False, False),
    ],
)
def test_rows_are_held_in_order_only_where_the_query_orders_them(
    wanted: list[list[int]], ordered: bool, same: bool
) -> None:
    found = Answer(names=["a"], types=["INT64"], rows=[[1], [2]])
    query = Query(sql="", ordered=ordered)
    assert agree(found, Answer(names=["a"], types=["INT64"], rows=wanted), query) is same


def test_another_name_another_type_and_a_refusal_are_differences() -> None:
    found, query = Answer(names=["a"], types=["INT64"], rows=[]), Query(sql="", ordered=False)
    assert not agree(found, Answer(names=["b"], types=["INT64"], rows=[]), query)
    assert not agree(found, Answer(names=["a"], types=["FLOAT64"], rows=[]), query)
    assert not agree(found, Refusal(message="no"), query)
