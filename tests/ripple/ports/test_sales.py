"""Orders come by pages in key order, each once, whatever the page's size."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.ripple.ports.conftest import Ports
from tests.ripple.rows import AT, an_order

LATER = AT + dt.timedelta(days=1)


@pytest.fixture
def sales(ports: Ports) -> Any:
    orders = {f"p-{n}": an_order(order_id=f"p-{n}", batch_id="paged") for n in (3, 1, 5, 2, 4)}
    ports.put_orders(orders | {"q-1": an_order(order_id="q-1", batch_id="other", updated_at=LATER)})
    return ports.get("sales")


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_a_batch_is_read_whole_and_in_order(sales: Any, size: int) -> None:
    pages = list(sales.pages("sales", "paged", size))
    assert [name for page in pages for name, _ in page] == [f"p-{n}" for n in range(1, 6)]
    assert all(len(page) <= size for page in pages)
    assert pages[0][0][1]["ordered_at"] == AT


def test_a_window_of_changes_holds_its_begin_and_not_its_end(sales: Any) -> None:
    assert [name for page in sales.changed_pages("sales", LATER, LATER + dt.timedelta(1), 2) for name, _ in page] == [
        "q-1"
    ]
    assert list(sales.changed_pages("sales", LATER - dt.timedelta(hours=1), LATER, 2)) == []
