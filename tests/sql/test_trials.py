"""What an incident asks of SQL: unsettled objects go, and a trial runs every statement and leaves no trace of what it tried."""

from __future__ import annotations

import hashlib

import pytest
from google.api_core.exceptions import BadRequest

from ripple.state.failures import NAMED
from tests.sql.bronze import click, order
from tests.sql.conftest import Lake
from tests.sql.runs import SILVER, count, run
from tests.sql.test_publishing import new_batch
from tests.sql.warehouse import Warehouse

BIG = 2**62


def test_a_withdrawn_object_leaves_nothing_and_gives_its_keys_back(lake: Lake, warehouse: Warehouse) -> None:
    first, suspect, next_one = new_batch(lake), new_batch(lake), new_batch(lake)
    first.add("sales", "stays", [order("withdraw-1", "ann", 5)])
    run(warehouse, first, SILVER)
    before = warehouse.contents()
    later = order("withdraw-1", "ann", 5, updated_at=order("x", "ann", 9)["updated_at"], status="refunded")
    suspect.add("sales", "goes", [later, order("withdraw-2", "bob", 6)], ["bad"])
    run(warehouse, suspect, SILVER)
    assert count(warehouse, "silver.orders", "order_id = 'withdraw-1' AND status = 'refunded'") == 1
    next_one.withdraw(suspect.files[0])
    run(warehouse, next_one, SILVER)
    after = warehouse.contents()
    assert {name for name in before if before[name] != after[name]} <= {"ops.fence_sales", "ops.touched_sales"}


def test_a_trial_leaves_no_trace_of_what_it_tried(lake: Lake, warehouse: Warehouse) -> None:
    published, suspect, trial = new_batch(lake), new_batch(lake), new_batch(lake)
    published.add("sales", "tried", [order("trial-1", "ann", 5)], ["bad"])
    suspect.add("sales", "suspect", [order("trial-2", "bob", 6)])
    run(warehouse, published, SILVER)
    before = warehouse.contents()
    run(warehouse, suspect, SILVER)
    trial.attempt(published.files[0])
    trial.withdraw(suspect.files[0])
    run(warehouse, trial, SILVER)
    after = warehouse.contents()
    assert {name for name in before if before[name] != after[name]} <= {"ops.fence_sales", "ops.touched_sales"}
    assert count(warehouse, "silver.orders", f"order_id = 'trial-1' AND batch = {published.number}") == 1


@pytest.mark.parametrize("tried", [True, False])
def test_a_trial_fails_of_rows_that_a_statement_does_not_take(tried: bool, lake: Lake, warehouse: Warehouse) -> None:
    poison, trial = new_batch(lake), new_batch(lake)
    items = [{"sku": "a", "category": "books", "quantity": BIG, "unit_price_cents": 4}]
    poison.add("sales", "overflows", [order("overflow-1", "ann", 5, items=items, item_count=1)])
    poison.finish()
    before = warehouse.contents()
    if not tried:
        trial.withdraw(poison.files[0])
        run(warehouse, trial, SILVER)
        return
    trial.attempt(poison.files[0])
    with pytest.raises(BadRequest, match=r"(?i)overflow|out of range"):
        run(warehouse, trial, SILVER)
    assert warehouse.contents() == before


def test_an_audit_names_the_files_by_the_beginning_of_their_ids(lake: Lake, warehouse: Warehouse) -> None:
    batch = new_batch(lake)
    uri = batch.add("clickstream", "named", [click("named-1", "ann", 5)], rows_checked=2)
    id = hashlib.sha256(f"{uri.removeprefix('gs://')}#1".encode()).hexdigest()
    with pytest.raises(BadRequest, match=f"objects: {id[:NAMED]};"):
        run(warehouse, batch, SILVER)
