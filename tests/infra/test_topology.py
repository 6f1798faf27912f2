"""`infra/topology.json` is what the routes say, in names and limits that Google takes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from docs.generate.topology import describe_topology
from ripple.deployment.parts import LEDGERS, list_jobs, list_ticks
from ripple.deployment.routes import STAGES, TICKS, TOPICS, CommandTrigger

ROOT = Path(__file__).parents[2]
TOPOLOGY: dict[str, Any] = json.loads((ROOT / "infra" / "topology.json").read_text())
DELIVERIES = [
    *(of_one for stage in TOPOLOGY["stages"].values() for of_one in stage["subscriptions"].values()),
    *TOPOLOGY["ledgers"].values(),
]


def test_what_terraform_reads_is_what_the_routes_say() -> None:
    assert describe_topology() == TOPOLOGY


def test_every_identity_is_its_own_and_a_name_that_iam_takes() -> None:
    parts = [*TOPOLOGY["stages"].values(), *TOPOLOGY["jobs"].values()]
    names = [part[key] for part in parts for key in ("service_account", "caller") if key in part]
    assert len(set(names)) == len(names) == 2 * len(STAGES) + len(list_jobs())
    assert [name for name in names if not re.fullmatch(r"[a-z][-a-z0-9]{4,28}[a-z0-9]", name)] == []


def test_no_delivery_begins_again_while_its_handler_may_still_work() -> None:
    for stage in TOPOLOGY["stages"].values():
        deadlines = {name: of_one["ack_deadline_seconds"] for name, of_one in stage["subscriptions"].items()}
        assert all(stage["timeout_seconds"] < seconds <= 600 for seconds in deadlines.values()), deadlines


def test_deliveries_are_within_what_pubsub_allows() -> None:
    for delivery in DELIVERIES:
        assert 600 <= delivery["retention_seconds"] <= 31 * 86400
        assert 0 <= delivery["minimum_backoff_seconds"] <= delivery["maximum_backoff_seconds"] <= 600
        assert delivery["attempts"] is None or 5 <= delivery["attempts"] <= 100


def test_whatever_dies_is_in_a_ledger_and_the_last_ledger_lets_nothing_die() -> None:
    last = [ledger for ledger in LEDGERS if ledger.topic == TOPOLOGY["dead_letters_topic"]]
    assert [ledger.delivery.attempts for ledger in last] == [None]
    assert all(ledger.topic in TOPICS for ledger in LEDGERS)


def test_a_job_gets_the_pepper_if_its_code_opens_it() -> None:
    opened = {flow: "open_pepper" in (ROOT / "generators" / f"{flow}.py").read_text() for flow in list_jobs()}
    assert {flow: job.needs_pepper for flow, job in list_jobs().items()} == opened


def test_some_stage_receives_every_tick() -> None:
    triggers = [trigger for stage in STAGES.values() for trigger in stage.triggers]
    received = {trigger.kind for trigger in triggers if isinstance(trigger, CommandTrigger) and trigger.topic == TICKS}
    assert {tick.kind for tick in list_ticks()} == received
