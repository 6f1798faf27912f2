"""What the lander lets through and what it keeps apart, the SQL sees in the same way: no nasty line is counted twice or not at all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ripple.flows import load_contract
from tests.functions.junk.test_lines import LINES, STRINGS, raw_of
from tests.sql.bronze import click
from tests.sql.conftest import Lake
from tests.sql.landed import Landing
from tests.sql.project import PROJECT
from tests.sql.runs import SILVER, run
from tests.sql.warehouse import Warehouse

NAME = "clickstream/dt=2026-01-01/nasty.jsonl"


def numbered(case: dict[str, Any], number: int) -> bytes:
    """A good case's row with an id of its own: equal ids would be duplicates."""
    return raw_of(case) if case["code"] else raw_of(case).replace(b'"e-1"', b'"good-%d"' % number)


def nasty_file() -> bytes:
    """Every nasty line and string among good lines."""
    lines = [json.dumps(click(f"plain-{number}", "ann", 1)).encode() for number in range(5000)]
    lines += [numbered(case, number) for number, case in enumerate(LINES)]
    lines += [
        json.dumps(click(f"text-{number}", "ann", 1, page=text), ensure_ascii=False).encode()
        for number, text in enumerate(STRINGS)
    ]
    return b"\n".join(lines) + b"\r\n\n \n"


@pytest.fixture(scope="module")
def landed(lake: Lake, warehouse: Warehouse) -> Any:
    landing = Landing(lake, load_contract)
    fact = landing.drop(NAME, nasty_file())
    assert fact.quarantine_uri
    run(warehouse, landing.claim(1), SILVER)
    return fact, landing.edge.objects.lines(fact.quarantine_uri)


def test_rows_in_are_rows_in_silver_and_in_quarantine(landed: Any, warehouse: Warehouse) -> None:
    fact, records = landed
    silver = warehouse.rows(f"SELECT event_id FROM `{PROJECT}.silver.clickstream_events`")
    rejected = warehouse.rows(f"SELECT line, code FROM `{PROJECT}.silver.rejected_rows` WHERE flow = 'clickstream'")
    assert len({row["event_id"] for row in silver}) == len(silver) == fact.rows - fact.rows_quarantined
    assert sorted((row["line"], row["code"]) for row in rejected) == [(row["line"], row["code"]) for row in records]


def test_every_nasty_string_that_landed_is_the_same_in_silver(landed: Any, warehouse: Warehouse) -> None:
    found = warehouse.rows(
        f"SELECT event_id, page FROM `{PROJECT}.silver.clickstream_events` WHERE event_id LIKE 'text-%'"
    )
    pages = {int(row["event_id"].removeprefix("text-")): row["page"] for row in found}
    assert set(pages) == {number for number, text in enumerate(STRINGS) if len(text) <= 2048}
    assert {number: page for number, page in pages.items() if page != STRINGS[number]} == {}
