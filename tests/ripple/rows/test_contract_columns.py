"""Looked at a column at a time, no row that breaks its contract passes, and a page of good rows has nobody to look at."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripple.flows import load_contract
from ripple.rows.contracts.columns import find_suspects
from tests.ripple.rows.sample_rows import GOOD
from tests.ripple.rows.test_contracts import CASES

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=20),
    st.datetimes(timezones=st.just(dt.UTC)),
    st.lists(st.text(max_size=3), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.sampled_from(["paid", "USD", "DE", "2026-01-02T03:04:05Z", "2026-01-02", "page_view", "a" * 5000]),
)


@st.composite
def pages(draw: st.DrawFn, flow: str) -> list[dict[str, Any]]:
    fields = st.sampled_from([*GOOD[flow](), "unknown_name"])
    rows = []
    for changes in draw(st.lists(st.dictionaries(fields, VALUES, max_size=3), max_size=6)):
        missing = draw(st.sets(fields, max_size=1))
        rows.append({name: value for name, value in GOOD[flow](**changes).items() if name not in missing})
    return rows


@pytest.mark.parametrize("flow", GOOD)
@given(data=st.data())
def test_every_row_that_breaks_the_contract_is_a_suspect(flow: str, data: st.DataObject) -> None:
    contract, rows = load_contract(flow), data.draw(pages(flow))
    broken = {at for at, row in enumerate(rows) if contract.find_violation(row) is not None}
    assert broken <= find_suspects(rows, contract)


@pytest.mark.parametrize(("flow", "code", "field", "changed"), CASES)
def test_a_broken_row_is_found_among_good_ones(flow: str, code: str, field: str, changed: dict[str, Any]) -> None:
    rows = [GOOD[flow](), GOOD[flow](**changed), GOOD[flow]()]
    assert find_suspects(rows, load_contract(flow)) == {1}


@pytest.mark.parametrize("flow", GOOD)
def test_a_page_of_good_rows_has_no_suspects(flow: str) -> None:
    assert find_suspects([GOOD[flow]()] * 50, load_contract(flow)) == set()
