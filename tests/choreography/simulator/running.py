"""Run one seed from its scenario to its verdict."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ripple.state.files import FILES, PARKED
from tests.choreography.simulator.engine import LEASE
from tests.choreography.simulator.faults import RATES, FaultSchedule
from tests.choreography.simulator.properties import find_violation
from tests.choreography.simulator.scenario import Scenario, draw_scenario
from tests.choreography.simulator.world import Protocol, World

REPLAY_SECONDS = 700.0
BUSY_SECONDS = 600.0
REPORTED_SECONDS = 1000.0
"""After the last fault: a person acts on what three sweeps have stated by then."""
MOST_WAITS = 6
SHIPPED = Protocol()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a run ended: the violated property or none, what it went through, and who waited for whose lock."""

    violation: str
    steps: int
    taken: list[str]
    seconds: float
    trace: list[str] | None = None
    rough_steps: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    waits: Counter[str] = field(default_factory=Counter)


def run_seed(seed: int, protocol: Protocol = SHIPPED, *, only: Any = None, trace: bool = False) -> Verdict:
    """One seed with faults; `only` keeps the named faults of it."""
    scenario = draw_scenario(seed)
    rates = {**RATES, **protocol.rates}
    return run(scenario, FaultSchedule(str(seed), rates=rates, until=scenario.rough_until, only=only), protocol, trace)


def run(scenario: Scenario, faults: FaultSchedule, protocol: Protocol = SHIPPED, trace: bool = False) -> Verdict:
    world = World(scenario, faults, protocol, [] if trace else None)
    try:
        violation = _live_through(world)
    except AssertionError as error:
        violation = f"always: {error}"
    finally:
        world.engine.close()
    return Verdict(
        violation=violation,
        steps=world.engine.steps,
        taken=faults.taken,
        seconds=world.engine.now,
        trace=world.engine.trace,
        rough_steps=world.rough_steps,
        counts=faults.counts(),
        waits=_name_waits(world),
    )


def _name_waits(world: World) -> Counter[str]:
    """How often one stage waited for another's lock, and where."""
    waits = world.edge.documents.locks.waits.items()
    return Counter({f"{waiting} for {other} over {where}": count for (waiting, other, where), count in waits})


def _live_through(world: World) -> str:
    """Faults, then none for two leases with a person at hand, what the caps held back, a replay that changes nothing."""
    engine, faults = world.engine, world.engine.faults
    busy = max([faults.until, *(event.at + 1 for event in world.scenario.events)])
    world.schedule(until=busy)
    engine.run_until(busy)
    while engine.now < faults.over_at:
        world.keep_sweeping(faults.over_at)
        engine.run_until(faults.over_at)
    calm, world.rough_steps = engine.now, engine.steps
    engine.say("no more faults")
    world.keep_sweeping(calm + REPORTED_SECONDS + 2 * LEASE)
    for moment in (calm + REPORTED_SECONDS, calm + REPORTED_SECONDS + LEASE + 700):
        engine.run_until(moment)
        world.operate()
    engine.run_until(calm + REPORTED_SECONDS + 2 * LEASE)
    _wait_for_caps(world)
    _wait_for_parts(world)
    return find_violation(world) or _replay(world)


def _wait_for_caps(world: World) -> None:
    """Nothing happens until a cap allows more: only then are sweeps worth their steps. What it let go lately may run still."""
    while (moment := world.rests_until(BUSY_SECONDS)) is not None or world.started_within(BUSY_SECONDS):
        world.engine.run_until(moment or world.engine.now)
        _sweep_for(world, LEASE)


def _wait_for_parts(world: World) -> None:
    """Until no incident is open, or so long that one never ends."""
    for _ in range(MOST_WAITS):
        moment = world.parts_rest_until()
        if moment is None:
            return
        world.engine.run_until(moment)
        _sweep_for(world, LEASE)
        _wait_for_caps(world)


def _sweep_for(world: World, seconds: float) -> None:
    until = world.engine.now + seconds
    world.keep_sweeping(until)
    world.engine.run_until(until)


def _replay(world: World) -> str:
    """(f) Run every kind of replay of what stands: no row changes, and all holds as before."""
    before = world.warehouse.content()
    parked = [file for _, file in FILES.find(world.documents, 1000, batch=PARKED)]
    # A replay brings parked files back, in a batch of their own. Later batches than the first may have been done before it.
    left = {file.parking.batch for file in parked if file.parking}
    if world.warehouse.snapshots and min(world.warehouse.snapshots) not in left:
        world.ask_replay({"kind": "batch", "batch": min(world.warehouse.snapshots)})
    if world.warehouse.snapshots and not any(file.flow == "clickstream" for file in parked):
        world.ask_replay({"kind": "flow", "flow": "clickstream", "from": "2026-01-01", "to": "2027-01-01"})
    _sweep_for(world, REPLAY_SECONDS)
    _wait_for_caps(world)
    _wait_for_parts(world)
    if world.warehouse.content() != before:
        return "(f) a replay changed rows"
    return find_violation(world)
