"""A row's hash is a function of what it holds: not of its neighbours, its file, its batch or how its column is encoded."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from ripple.flows import load_contract
from ripple.rows.row_hashes import hash_rows
from ripple.rows.sales_schema import arrow_schema
from tests.ripple.rows.sample_rows import AT, an_order

SCHEMA = arrow_schema(load_contract("sales"))
CHANGES: dict[str, Any] = {
    "order_id": "o-2",
    "updated_at": AT + dt.timedelta(microseconds=1),
    "items": [{"sku": "p-1", "category": "books", "quantity": 3, "unit_price_cents": 500}],
    "net_cents": None,
    "discount_rate": 0.2,
    "is_weekend": True,
}


def hashes(*rows: dict[str, Any]) -> list[str]:
    return hash_rows(pa.RecordBatch.from_pylist(list(rows), SCHEMA).columns)


def test_a_change_of_any_kind_of_column_is_another_hash() -> None:
    found = hashes(an_order(), *[an_order(**{name: value}) for name, value in CHANGES.items()])
    assert len(set(found)) == len(found) == 1 + len(CHANGES)


def test_no_item_an_empty_list_and_two_items_differ() -> None:
    item = an_order()["items"][0]
    assert len(set(hashes(*[an_order(items=items) for items in (None, [], [item], [item, item])]))) == 4


def test_a_null_is_no_empty_text() -> None:
    assert len(set(hashes(an_order(batch_id=""), an_order(batch_id=None)))) == 2


@given(
    st.lists(
        st.sampled_from([an_order(), *[an_order(**{name: value}) for name, value in CHANGES.items()]]),
        min_size=1,
        max_size=8,
    )
)
def test_a_row_among_others_has_the_hash_that_it_has_alone(rows: list[dict[str, Any]]) -> None:
    assert hashes(*rows) == [found for row in rows for found in hashes(row)]


def test_how_a_column_is_encoded_changes_no_hash() -> None:
    texts = pa.array(["a", None, "b", "a"])
    assert hash_rows([texts]) == hash_rows([texts.dictionary_encode()])
    assert hash_rows([texts.slice(1)]) == hash_rows([texts])[1:]


def test_a_part_of_a_batch_has_the_hashes_of_its_rows() -> None:
    batch = pa.RecordBatch.from_pylist(
        [an_order(order_id=f"o-{n}", items=an_order()["items"] * n) for n in range(4)], SCHEMA
    )
    assert hash_rows(batch.slice(2).columns) == hash_rows(batch.columns)[2:]
