"""A dropped file of refunds: every line is in silver, in quarantine or a duplicate, and a corrected one comes back."""

from __future__ import annotations

import json

import pytest

from functions.start_batch.stage import plan_batches
from ripple.errors import PermanentError
from ripple.flows import find_flow, load_contract
from ripple.rows.contracts.corrections import CORRECTS_KEY, write_correction
from tests.functions.test_start_batch import tick
from tests.sql.conftest import Lake
from tests.sql.landed import Landing
from tests.sql.project import PROJECT
from tests.sql.runs import count, run
from tests.sql.warehouse import Warehouse

NAME = "refunds/dt=2026-01-02/a.jsonl"
GOOD = {
    "event_id": "r-1",
    "order_id": "o-1",
    "occurred_at": "2026-01-02T03:04:05.678Z",
    "amount_cents": 990,
    "reason": "damaged",
}
COUNTS = ("count_rows", "count_silver", "count_rejected", "count_duplicate")


def lines() -> list[str]:
    """40 good lines, one that comes twice, one with a field more, and one whose reason does not exist."""
    good = [json.dumps(GOOD | {"event_id": f"r-{number:02}"}) for number in range(40)]
    more, bad = GOOD | {"event_id": "r-more", "channel": "shop"}, GOOD | {"event_id": "r-bad", "reason": "bored"}
    return [*good, good[7], json.dumps(more), json.dumps(bad)]


@pytest.fixture(scope="module")
def landing(lake: Lake) -> Landing:
    return Landing(lake, load_contract)


@pytest.fixture(scope="module")
def loaded(landing: Landing, warehouse: Warehouse) -> Warehouse:
    landing.drop(NAME, lines())
    run(warehouse, landing.claim(1))
    return warehouse


def counts(loaded: Warehouse, batch: int) -> list[tuple[int, ...]]:
    rows = loaded.rows(f"SELECT * FROM `{PROJECT}.ops.file_counts` WHERE batch = {batch}")
    return [tuple(row[name] for name in COUNTS) for row in rows]


def test_every_line_is_in_silver_in_quarantine_or_a_duplicate(loaded: Warehouse) -> None:
    assert counts(loaded, 1) == [(43, 41, 1, 1)]
    assert count(loaded, find_flow("refunds").tables[0], "amount_cents = 990 AND occurred_date = '2026-01-02'") == 41
    assert count(loaded, "silver.rejected_rows", "flow = 'refunds' AND code = 'not_in_enum' AND field = 'reason'") == 1
    assert count(loaded, "silver.duplicate_rows", "flow = 'refunds' AND key = 'r-07'") == 1


def test_a_field_that_the_contract_does_not_know_is_kept_beside_the_row(loaded: Warehouse) -> None:
    rescued = loaded.rows(f"SELECT event_id, _rescued FROM `{PROJECT}.silver.refunds` WHERE _rescued IS NOT NULL")
    assert rescued == [{"event_id": "r-more", "_rescued": '{"channel":"shop"}'}]


def test_a_corrected_line_comes_back_and_is_open_no_more(loaded: Warehouse, landing: Landing) -> None:
    assert count(loaded, "ops.quarantine_open", "flow = 'refunds' AND line = 43") == 1
    (place,) = [f"gs://{bucket}/{name}" for bucket, name in landing.edge.objects.live if bucket.endswith("-quarantine")]
    (record,) = landing.edge.objects.lines(place)
    corrected = write_correction(record | {"raw": record["raw"].replace("bored", "late")})
    landing.drop("refunds/dt=2026-01-02/corrected.jsonl", [corrected], {CORRECTS_KEY: place})
    run(loaded, landing.claim(2))
    assert counts(loaded, 2) == [(1, 1, 0, 0)]
    assert count(loaded, "silver.corrections", "flow = 'refunds' AND key = 'r-bad' AND corrects_line = 43") == 1
    assert count(loaded, "ops.quarantine_open") == 0


def test_a_batch_that_runs_again_changes_no_row(loaded: Warehouse, landing: Landing) -> None:
    before = loaded.contents()
    run(loaded, landing.claimed[2])
    assert loaded.contents() == before


def test_no_tick_asks_for_refunds() -> None:
    assert "refunds" not in {batch.flow for batch in plan_batches(tick())}
    with pytest.raises(PermanentError, match="refunds: no generator"):
        plan_batches(tick(flows=["sales", "refunds"]))
