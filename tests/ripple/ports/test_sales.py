"""Orders come by pages in key order, each once, whatever the page's size."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest

from ripple.ports import BatchRange, ChangeRange
from tests.ripple.ports.conftest import Ports
from tests.ripple.rows.sample_rows import AT, an_order

LATER = AT + dt.timedelta(days=1)


@pytest.fixture
def sales(ports: Ports) -> Any:
    orders = {f"p-{n}": an_order(order_id=f"p-{n}", batch_id="paged") for n in (3, 1, 5, 2, 4)}
    ports.put_orders(orders | {"q-1": an_order(order_id="q-1", batch_id="other", updated_at=LATER)})
    return ports.get("sales")


def batch(key_from: str = "", key_to: str = "") -> BatchRange:
    return BatchRange(collection="sales", batch_id="paged", key_from=key_from, key_to=key_to)


def changes(begin: dt.datetime, end: dt.datetime) -> ChangeRange:
    return ChangeRange(collection="sales", changed_from=begin, changed_to=end)


def ids_of(pages: Iterable[Any]) -> list[str]:
    return [name for page in pages for name, _ in page]


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_a_batch_is_read_whole_and_in_order(sales: Any, size: int) -> None:
    pages = list(sales.pages(batch(), size))
    assert ids_of(pages) == [f"p-{n}" for n in range(1, 6)]
    assert all(len(page) <= size for page in pages)
    assert pages[0][0][1]["ordered_at"] == AT


def test_a_window_of_changes_holds_its_begin_and_not_its_end(sales: Any) -> None:
    assert ids_of(sales.pages(changes(LATER, LATER + dt.timedelta(1)), 2)) == ["q-1"]
    assert list(sales.pages(changes(LATER - dt.timedelta(hours=1), LATER), 2)) == []


@pytest.mark.parametrize(("key_from", "key_to", "found"), [("p-2", "p-4", "23"), ("", "p-2", "1"), ("p-35", "", "45")])
@pytest.mark.parametrize("size", [1, 100])
def test_a_range_of_ids_holds_its_begin_and_not_its_end(
    sales: Any, key_from: str, key_to: str, found: str, size: int
) -> None:
    assert ids_of(sales.pages(batch(key_from, key_to), size)) == [f"p-{n}" for n in found]
    assert sales.count(batch(key_from, key_to)) == len(found)


def test_a_count_is_of_what_the_pages_would_bring(sales: Any) -> None:
    assert sales.count(batch()) == 5
    assert sales.count(changes(AT, LATER)) == 5
    assert sales.count(changes(LATER, LATER + dt.timedelta(1))) == 1
    assert sales.count(changes(LATER + dt.timedelta(1), LATER + dt.timedelta(2))) == 0


def test_the_id_after_so_many_is_the_next_ones(sales: Any) -> None:
    assert [sales.key_after(batch(), rows) for rows in (0, 3, 5)] == ["p-1", "p-4", ""]
    assert sales.key_after(batch("p-2", "p-5"), 2) == "p-4"
    assert sales.key_after(batch("p-2", "p-5"), 3) == ""


@pytest.mark.parametrize("most", [1, 2, 4, 50])
def test_a_collection_is_parted_at_its_own_ids_in_order(sales: Any, most: int) -> None:
    keys = sales.partition_keys("sales", most)
    assert len(keys) <= most
    assert list(keys) == sorted(set(keys) & {"p-1", "p-2", "p-3", "p-4", "p-5", "q-1"})
    parts = [ids_of(sales.pages(batch(*ends), 2)) for ends in pairwise(["", *keys, ""])]
    assert [name for part in parts for name in part] == [f"p-{n}" for n in range(1, 6)]


def test_a_collection_that_is_not_there_is_not_parted(sales: Any) -> None:
    assert list(sales.partition_keys("nowhere", 4)) == []
