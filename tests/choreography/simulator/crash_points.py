"""Kill whatever runs at one chosen step of one full scenario: before it takes effect, or after. Then at two."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from functools import cache

from tests.choreography.simulator.faults import RATES, FaultSchedule
from tests.choreography.simulator.poison import Poison
from tests.choreography.simulator.running import SHIPPED, Verdict, run
from tests.choreography.simulator.scenario import CANARY, Outside, Scenario, Slice
from tests.choreography.simulator.world import Protocol
from tests.ripple.rows.sample_rows import a_click, a_startup, an_order

SIDES = ("before", "after")
_REST = 1100.0
"""By then the scenario is at rest: trained, and the replay done. Sweeps are part of it."""


def _lines(*rows: object) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


@cache
def full_scenario() -> Scenario:
    """All three flows, a bad line, a key that comes twice, a large export, an order that breaks its contract, a late file, a replay."""
    day, next_day = "2026-03-01", "2026-03-02"
    clicks = [
        _lines(a_click(event_id="c-1"), a_click(event_id="c-2"), a_click(event_id="bad", device=CANARY)),
        _lines(a_click(event_id="c-1"), a_click(event_id="c-3")),
    ]
    orders = {
        "o-1": an_order(order_id="o-1"),
        "o-2": an_order(order_id="o-2"),
        "o-3": an_order(order_id="o-3", net_cents="x"),
    }
    slices = (
        Slice(flow="clickstream", window_from=day, files=clicks),
        Slice(flow="startups", window_from=day, files=[_lines(a_startup(event_id="s-1"))]),
        Slice(flow="sales", window_from=day, orders=orders),
    )
    late = _lines(a_click(event_id="c-4"), a_click(event_id="c-2"))
    return Scenario(
        slices={(slice_.flow, day, next_day): slice_ for slice_ in slices},
        events=(
            Outside(at=0, kind="tick", name="tick-0", body={}),
            Outside(at=200, kind="drop", name="clickstream/dt=2026-01-01/by-hand.jsonl", data=late),
            Outside(at=620, kind="replay", name="replay-0", body={"kind": "batch", "batch": 1}),
        ),
        files_per_batch=400,
        delivery_attempts=20,
        rough_until=_REST,
        rows_per_slice=1,
    )


@cache
def failing_scenario() -> Scenario:
    """A file that is published, then two of which gold does not take one: they are cut, and it is parked."""
    files = {name: _lines(a_click(event_id=name)) for name in ("before", "beside", "poison")}
    drops = [
        Outside(
            at=0 if name == "before" else 200, kind="drop", name=f"clickstream/dt=2026-01-01/{name}.jsonl", data=data
        )
        for name, data in files.items()
    ]
    return Scenario(
        slices={},
        events=drops,
        files_per_batch=400,
        delivery_attempts=20,
        rough_until=_REST,
        poison=Poison(named="poison"),
    )


def run_planned(
    planned: Mapping[int, str],
    protocol: Protocol = SHIPPED,
    trace: bool = False,
    scenario: Callable[[], Scenario] = full_scenario,
) -> Verdict:
    """The scenario without faults, but for the planned kills: `{number of the step: before or after}`."""
    calm = dict.fromkeys(RATES, 0.0)
    faults = FaultSchedule(seed="crash points", rates=calm, until=_REST, planned=planned)
    return run(scenario(), faults, protocol, trace)


@cache
def count_steps(scenario: Callable[[], Scenario] = full_scenario) -> int:
    verdict = run_planned({}, scenario=scenario)
    assert not verdict.violation, verdict.violation
    return verdict.rough_steps


def plan_all(scenario: Callable[[], Scenario] = full_scenario) -> list[dict[int, str]]:
    """Every step, before and after."""
    return [{step: side} for step in range(1, count_steps(scenario) + 1) for side in SIDES]


def plan_pairs(count: int, chance: random.Random) -> list[dict[int, str]]:
    """Two steps at random; the second counts the steps of a run that the first has changed already."""
    steps = range(1, count_steps() + 1)
    return [{step: chance.choice(SIDES) for step in chance.sample(steps, 2)} for _ in range(count)]
