"""Many files make few runs; a thousand deliveries of one event are one delivery. The real stages, no faults."""

from __future__ import annotations

import json

from ripple.state.files import FILES
from tests.choreography.simulator.faults import FaultSchedule
from tests.choreography.simulator.properties import find_violation
from tests.choreography.simulator.scenario import Outside, Scenario
from tests.choreography.simulator.world import Protocol, World
from tests.ripple.rows.sample_rows import a_click


def drop(number: int, at: float) -> Outside:
    line = json.dumps(a_click(event_id=f"e-{number}")).encode() + b"\n"
    return Outside(at=at, kind="drop", name=f"clickstream/dt=2026-03-01/part-{number:04d}.jsonl", data=line)


def live_through(drops: list[Outside], seconds: float) -> World:
    scenario = Scenario(slices={}, events=drops, files_per_batch=400, delivery_attempts=20, rough_until=0)
    world = World(scenario, FaultSchedule(seed="burst"), Protocol())
    world.schedule(until=seconds)
    world.engine.run_until(seconds)
    return world


def test_a_burst_of_a_thousand_files_makes_at_most_four_runs_and_every_row_arrives() -> None:
    world = live_through([drop(number, at=number / 500) for number in range(1000)], 2000)
    assert find_violation(world) == ""
    assert 3 <= len(world.workflows.executions) <= 4
    assert len(world.warehouse.silver) == 1000
    world.engine.close()


def test_a_thousand_duplicates_of_one_finalize_event_make_one_landed_object() -> None:
    world = live_through([drop(1, at=0)], 0.5)
    ((_, stored),) = [
        (name, stored) for (bucket, name), (stored, _) in world.objects.live.items() if bucket.endswith("bronze")
    ]
    for _ in range(1000):
        world.messages.finalize(stored)
    world.engine.run_until(1500)
    landed = {fact.id for fact in world.messages.published if fact.TYPE == "bronze.object.landed.v1"}
    assert world.messages.handled["land_object"] > 1000
    assert len(landed) == 1
    assert [key for key, _ in FILES.find_all(world.documents)] == [stored.ref.key]
    assert [row.key for row in world.warehouse.silver] == ["e-1"]
    assert len(world.warehouse.invocations) == 1
    assert find_violation(world) == ""
    world.engine.close()
