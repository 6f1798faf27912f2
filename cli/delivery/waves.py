"""In which order changed parts are deployed: who reads an event in both its versions before who states the new one. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cli.delivery.changes import Changes
from cli.delivery.manifest import ReleaseManifest, Routes


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """Parts that are deployed together, after the wave before and before the next; `why` in words."""

    name: str
    parts: tuple[str, ...]
    why: str


def plan_waves(changes: Changes, deployed: ReleaseManifest, checkout: ReleaseManifest) -> list[Wave]:
    """Topics, then changed parts with consumers of a changed or new event before its producers, then what is no more."""
    topics = tuple(change.name for change in changes.of("topic") if change.kind == "added")
    waves = [Wave(name="topics", parts=topics, why="a subscription needs its topic")] if topics else []
    waits = find_waits(_changed_parts(changes), deployed, checkout, _moved_events(changes, deployed))
    waves += order_parts(waits)
    gone = _removed(changes)
    if gone:
        waves.append(Wave(name="removal", parts=gone, why="nobody states what they react to any more"))
    return waves


def _changed_parts(changes: Changes) -> tuple[str, ...]:
    parts = {change.name for change in changes.of("part") if change.kind != "removed"}
    # The spec is an environment variable of the function that submits it, and the job's image one of the job.
    parts |= {"start_training"} if changes.of("pipeline") or "pipelines" in changes.names("image") else set()
    return tuple(sorted(parts))


def _moved_events(changes: Changes, deployed: ReleaseManifest) -> frozenset[str]:
    """Where nothing is deployed, no event is under way that anyone could misread."""
    moved = (change.name for change in changes.of("event") if change.kind != "removed")
    return frozenset(moved) if deployed.routes else frozenset()


def _removed(changes: Changes) -> tuple[str, ...]:
    return tuple(
        sorted(
            f"{change.area} {change.name}"
            for change in changes.all
            if change.kind == "removed" and change.area in ("part", "route", "topic")
        )
    )


def find_waits(
    parts: Sequence[str], deployed: ReleaseManifest, checkout: ReleaseManifest, moved: frozenset[str]
) -> dict[str, dict[str, str]]:
    """For each of `parts`, the others that go before it, and why: who reacts to a moved event before who states it; who no longer
    states an event before who no longer reacts to it."""
    old, new = deployed.routes, checkout.routes
    waits: dict[str, dict[str, str]] = {part: {} for part in parts}
    for part in parts:
        for other in (other for other in parts if other != part):
            moved_on = moved & _side(new, part, "states") & _side(new, other, "reacts_to")
            dropped = (_side(old, part, "reacts_to") - _side(new, part, "reacts_to")) & _side(old, other, "states")
            for kind in sorted(moved_on):
                waits[part][other] = f"{other} reacts to {kind}"
            for kind in sorted(dropped):
                waits[part][other] = f"{other} states {kind}"
    return waits


def _side(routes: Routes, part: str, side: str) -> set[str]:
    return set(routes.get(part, {}).get(side, ()))


def order_parts(waits: Mapping[str, Mapping[str, str]]) -> list[Wave]:
    """Layers of parts, each after the layers that it waits for. Parts in a circle share a layer."""
    waves: list[Wave] = []
    left = {part: set(others) for part, others in waits.items()}
    while left:
        ready = {part for part, others in left.items() if not others & left.keys()} or _smallest_circle(left)
        why = sorted({reason for part in ready for reason in waits[part].values()})
        waves.append(Wave(name="parts", parts=tuple(sorted(ready)), why="; ".join(why) or "they wait for nobody"))
        left = {part: others for part, others in left.items() if part not in ready}
    return waves


def _smallest_circle(left: Mapping[str, set[str]]) -> set[str]:
    """The parts that only wait for each other, of which there are some wherever every part waits for one."""
    reached = {part: _reach(part, left) for part in left}
    return min(({part, *found} for part, found in reached.items()), key=lambda circle: (len(circle), sorted(circle)))


def _reach(part: str, left: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    ahead = [part]
    while ahead:
        for other in left[ahead.pop()] & left.keys():
            if other not in found:
                found.add(other)
                ahead.append(other)
    return found
