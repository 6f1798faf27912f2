"""How a canary is written and judged."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from cli.delivery.canary import ROWS, canary_uri, judge_canary, write_canary
from ripple.flows import load_contract
from ripple.wire.paths import parse_bronze_name, split_uri

DAY = dt.date(2026, 11, 1)
# What `ripple where` says of the file; its rows in silver; the steps behind it; whether it will come no further; what is reported.
TRACES: list[tuple[str, dict[str, Any], int, int, bool, str]] = [
    ("nobody has claimed it", {"state": "not claimed"}, 0, 0, False, "it is not claimed"),
    ("it is being landed", {"state": "claimed"}, 0, 0, False, "it is claimed"),
    ("it was rejected", {"state": "rejected", "reason": "object_empty"}, 0, 0, True, "it was rejected: object_empty"),
    ("it has landed", {"state": "landed"}, 0, 1, False, "it has landed"),
    ("its batch runs", {"state": "landed", "batch": 2, "run_state": "running"}, 0, 2, False, "batch 2 is running"),
    (
        "its batch is tried again",
        {"state": "landed", "batch": 2, "run_state": "claimed", "run_reason": "boom"},
        0,
        2,
        False,
        "batch 2 is claimed: boom",
    ),
    (
        "its batch is parked",
        {"state": "landed", "batch": 2, "run_state": "parked", "run_reason": "boom"},
        0,
        2,
        True,
        "batch 2 is parked: boom",
    ),
    (
        "its flow is held",
        {"state": "landed", "batch": 2, "run_state": "split", "run_reason": "held", "held": ["startups"]},
        0,
        2,
        True,
        "batch 2 is split: held",
    ),
    ("it is parked", {"state": "parked", "reason": "silver.x: boom"}, 0, 2, True, "it is parked: silver.x: boom"),
    (
        "its rows are lost",
        {"state": "landed", "batch": 2, "run_state": "done"},
        2,
        3,
        True,
        "batch 2 is done, with 2 of its 3",
    ),
    (
        "it passed",
        {"state": "landed", "batch": 2, "run_state": "done"},
        3,
        4,
        False,
        "batch 2 is done, with 3 of its 3",
    ),
]


@pytest.mark.parametrize(
    ("trace", "rows", "steps", "dead", "words"), [case[1:] for case in TRACES], ids=[case[0] for case in TRACES]
)
def test_a_canary_is_judged_by_where_it_is(
    trace: dict[str, Any], rows: int, steps: int, dead: bool, words: str
) -> None:
    verdict = judge_canary(trace, rows)
    assert (verdict.steps, verdict.dead) == (steps, dead)
    assert verdict.words.startswith(words)
    assert verdict.passed == (steps == 4)


def test_a_canary_keeps_to_its_contract_and_is_marked_in_every_row() -> None:
    rows = [json.loads(line) for line in write_canary(7, DAY).splitlines()]
    assert len({row["event_id"] for row in rows}) == ROWS
    assert all(row["startup_id"].startswith("canary-000007-") for row in rows)
    assert [load_contract("startups").find_violation(row) for row in rows] == [None] * ROWS


def test_a_canary_is_named_by_its_release_and_is_in_its_day() -> None:
    bucket, name = split_uri(canary_uri("shop-dev", 7, DAY))
    parsed = parse_bronze_name(name)
    assert (bucket, parsed.flow, parsed.dt, parsed.stem) == (
        "shop-dev-bronze",
        "startups",
        "2026-11-01",
        "canary-000007",
    )
