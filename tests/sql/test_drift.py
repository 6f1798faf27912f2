"""What drifted and may is in silver with the rest beside it; what was corrected is joined to its origin; all rows add up."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from ripple.rows.contracts.corrections import CORRECTS_KEY, write_correction
from tests.ripple.rows.test_evolution import evolving
from tests.sql.bronze import click, funding, order
from tests.sql.conftest import Lake
from tests.sql.landed import Landing
from tests.sql.project import PROJECT
from tests.sql.runs import count, run
from tests.sql.warehouse import Warehouse

CLICKS = "clickstream/dt=2026-01-01/a.jsonl"
BIG = "123456789012345678901234567890.10"


def as_line(row: dict[str, Any], **replaced: str) -> str:
    """The row as JSON, `replaced` fields in their own spelling."""
    text = json.dumps(row)
    for name, value in replaced.items():
        text = text.replace(f'"{name}": {json.dumps(row[name])}', f'"{name}": {value}')
    return text


@pytest.fixture(scope="module")
def landing(lake: Lake) -> Landing:
    return Landing(lake, evolving)


@pytest.fixture(scope="module")
def loaded(landing: Landing, warehouse: Warehouse) -> Warehouse:
    """Batch 1: rows that drifted, and bad ones, of all three flows."""
    good = [json.dumps(click(f"c-{number}", "ann", 1 + number / 100)) for number in range(60)]
    landing.drop(
        CLICKS,
        [
            *good,
            as_line(click("new", "ann", 2))[:-1] + f', "extra": {{"z": {BIG}}}, "a": null}}',
            as_line(click("wide", "ann", 2.1), dwell_ms="10.5"),
            as_line(click("whole", "ann", 2.2), dwell_ms="10.0", sequence="1.0e0"),
            as_line(click("soon", "bob", 3), dwell_ms='"long"'),
            as_line(click("cut", "bob", 3))[:-9],
        ],
    )
    landing.drop(
        "startups/dt=2026-01-01/b.jsonl",
        [
            as_line(funding("f-1", "acme", 1, event_type="founded", stage="bootstrapped", amount_cents=0)),
            as_line(funding("f-2", "acme", 60, founded_date="2025-05-05T10:00:00+02:00")),
            as_line(funding("f-3", "acme", 61), amount_cents="1.5"),
        ],
    )
    orders = {f"o-{number:02}": order(f"o-{number:02}", "ann", 10 + number) for number in range(40)}
    orders["o-coupon"] = order("o-coupon", "ann", 60) | {"coupon": "X"}
    orders["o-wide"] = order("o-wide", "ann", 61, net_cents=9.5)
    orders["o-bad"] = order("o-bad", "ann", 62, status="lost")
    landing.export("sales-1", orders)
    run(warehouse, landing.claim(1))
    return warehouse


def silver(loaded: Warehouse, table: str, key: str) -> dict[str, dict[str, Any]]:
    """Rows that carry something rescued, by key."""
    rows = loaded.rows(f"SELECT * FROM `{PROJECT}.silver.{table}` WHERE _rescued IS NOT NULL")
    return {row[key]: row for row in rows}


def test_what_drifted_in_a_line_is_kept_as_it_was_written(loaded: Warehouse) -> None:
    rows = silver(loaded, "clickstream_events", "event_id")
    assert {key: row["_rescued"] for key, row in rows.items()} == {
        "new": f'{{"a":null,"extra":{{"z": {BIG}}}}}',
        "wide": '{"dwell_ms":10.5}',
        "whole": '{"dwell_ms":10.0,"sequence":1.0e0}',
    }
    assert [rows[key]["dwell_ms"] for key in ("new", "wide", "whole")] == [1000, None, 10]
    assert rows["whole"]["sequence"] == 1
    read = "SELECT JSON_VALUE(_rescued, '$.extra.z') AS z FROM {} WHERE event_id = 'new'"
    assert loaded.rows(read.format(f"`{PROJECT}.silver.clickstream_events`")) == [{"z": BIG}]


def test_a_date_that_became_a_moment_is_no_date(loaded: Warehouse) -> None:
    rows = silver(loaded, "startup_events", "event_id")
    assert {key: row["_rescued"] for key, row in rows.items()} == {
        "f-2": '{"founded_date":"2025-05-05T10:00:00+02:00"}',
        "f-3": '{"amount_cents":1.5}',
    }
    assert (rows["f-2"]["founded_date"], rows["f-3"]["amount_cents"]) == (None, None)
    assert rows["f-3"]["founded_date"] == dt.date(2025, 5, 5)


def test_a_document_that_drifted_is_an_order(loaded: Warehouse) -> None:
    rows = silver(loaded, "orders", "order_id")
    assert {key: (row["net_cents"], row["_rescued"]) for key, row in rows.items()} == {
        "o-coupon": (1000, '{"coupon":"X"}'),
        "o-wide": (None, '{"net_cents":9.5}'),
    }


def accounts(loaded: Warehouse) -> dict[str, tuple[int, ...]]:
    names = ("count_rows", "count_silver", "count_rejected", "count_duplicate")
    rows = loaded.rows(f"SELECT * FROM `{PROJECT}.ops.file_counts`")
    return {row["source_uri"].rsplit("/", 1)[1]: tuple(row[name] for name in names) for row in rows}


def test_rows_of_every_file_add_up_with_what_drifted_among_them(loaded: Warehouse) -> None:
    assert accounts(loaded) == {
        "a.jsonl": (65, 63, 2, 0),
        "b.jsonl": (3, 3, 0, 0),
        "sales-1-00000.parquet": (43, 42, 1, 0),
    }
    assert count(loaded, "ops.file_counts", "count_rows = count_silver + count_rejected + count_duplicate") == 3


def open_rows(loaded: Warehouse) -> list[tuple[str, int]]:
    rows = loaded.rows(f"SELECT source_uri, line FROM `{PROJECT}.ops.quarantine_open`")
    return sorted((row["source_uri"].rsplit("/", 1)[1], row["line"]) for row in rows)


def test_what_is_quarantined_is_open_until_it_is_corrected(loaded: Warehouse, landing: Landing) -> None:
    everything = [("a.jsonl", 64), ("a.jsonl", 65), ("sales-1-00000.parquet", 41)]
    assert open_rows(loaded) == everything
    records = {record["line"]: record for record in landing.edge.objects.lines(quarantine_of(landing))}
    fixed = write_correction(records[64] | {"raw": records[64]["raw"].replace('"long"', "700")})
    for name, lines in (("fixed", [fixed]), ("fixed-again", [fixed.replace("700", "701")])):
        fact = landing.drop(f"clickstream/dt=2026-01-01/{name}.jsonl", lines, {CORRECTS_KEY: quarantine_of(landing)})
        assert fact.corrects_uri == f"gs://{PROJECT}-bronze/{CLICKS}"
    corrected = {f"o-{number}": order(f"o-{number}", "bob", 20 + number) for number in range(20)}
    landing.export("sales-2", corrected | {"o-bad": order("o-bad", "ann", 55, status="refunded")})
    run(loaded, landing.claim(2))
    assert open_rows(loaded) == [("a.jsonl", 65)]


def quarantine_of(landing: Landing) -> str:
    return f"gs://{PROJECT}-quarantine/clickstream/dt=2026-01-01/a-1001.jsonl"


def test_a_correction_is_joined_to_its_origin_and_dropped_twice_it_is_one_row(loaded: Warehouse) -> None:
    joined = loaded.rows(
        f"SELECT c.key, c.corrects_line, r.code, r.field FROM `{PROJECT}.silver.corrections` AS c "
        f"JOIN `{PROJECT}.silver.rejected_rows` AS r ON r.source_uri = c.corrects_uri AND r.line = c.corrects_line"
    )
    assert joined == [{"key": "soon", "corrects_line": 64, "code": "wrong_type", "field": "dwell_ms"}] * 2
    assert count(loaded, "silver.clickstream_events", "event_id = 'soon'") == 1
    assert count(loaded, "silver.duplicate_rows", "key = 'soon'") == 1
    assert count(loaded, "silver.clickstream_events", "event_id = 'soon' AND _rescued IS NULL") == 1


def test_rows_of_the_origin_and_of_its_corrections_add_up_apart(loaded: Warehouse) -> None:
    found = accounts(loaded)
    assert sorted([found["fixed.jsonl"], found["fixed-again.jsonl"]]) == [(1, 0, 0, 1), (1, 1, 0, 0)]
    assert count(loaded, "ops.file_counts", "count_rows = count_silver + count_rejected + count_duplicate") == 6
    assert count(loaded, "silver.rejected_rows", "flow = 'clickstream'") == 2


def test_a_replay_of_drift_or_of_corrections_changes_no_row(loaded: Warehouse, landing: Landing) -> None:
    before = loaded.contents()
    for number in (2, 1):
        run(loaded, landing.claimed[number])
    assert loaded.contents() == before
