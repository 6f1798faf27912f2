"""Files that a statement does not take, whatever is tried, and SQL that is broken for a whole flow for a while."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ripple.state.files import FILES, PARKED
from ripple.state.head import HEAD
from ripple.state.incidents import MOST_RUNS
from ripple.wire.events import BronzeObjectsParked, RunStalled

if TYPE_CHECKING:
    from tests.choreography.simulator.world import World

FLOWS = ("sales", "clickstream", "startups")


@dataclass(frozen=True, slots=True)
class Outage:
    """SQL of a flow that is broken from one moment to another, in seconds."""

    flow: str
    begins: float
    ends: float


@dataclass(frozen=True, slots=True)
class Poison:
    """What of a scenario SQL does not take. `in_silver` and `in_gold` are shares of the files, by name alone."""

    seed: str = ""
    in_silver: float = 0.0
    in_gold: float = 0.0
    outages: Sequence[Outage] = ()
    named: str = ""
    """What is in the names of further files that gold does not take."""

    def place_of(self, uri: str) -> str:
        """`silver`, `gold`, or nothing for a file that is taken."""
        if self.named and self.named in uri:
            return "gold"
        roll = int.from_bytes(hashlib.blake2b(f"{self.seed}|{uri}".encode(), digest_size=6).digest(), "big") / (1 << 48)
        return "silver" if roll < self.in_silver else "gold" if roll < self.in_silver + self.in_gold else ""

    def is_broken(self, flow: str, now: float) -> bool:
        return any(one.flow == flow and one.begins <= now < one.ends for one in self.outages)


NONE = Poison()


class StatementError(Exception):
    """A statement that failed, by its name."""


def draw_poison(seed: int | str, rough_until: float) -> Poison:
    """In a third of the seeds some files are poison, in a fifth a flow is broken for a while."""
    chance = random.Random(f"poison {seed}")
    share = chance.choice((0.0, 0.0, 0.2))
    outages = []
    if chance.random() < 0.2:
        begins = chance.uniform(0, rough_until / 2)
        flow = chance.choice(FLOWS)
        outages.append(Outage(flow=flow, begins=begins, ends=begins + chance.uniform(600, rough_until / 2)))
    return Poison(seed=str(seed), in_silver=share / 2, in_gold=share / 2, outages=tuple(outages))


def check_staged(poison: Poison, rows: Sequence[Mapping[str, Any]], now: float) -> None:
    """What a run stages, before it publishes anything; StatementError names the flow's statement."""
    for flow in sorted({row["flow"] for row in rows}):
        if poison.is_broken(flow, now):
            raise StatementError(f"staging.{flow}")
    for row in rows:
        if not row["is_withdrawn"] and poison.place_of(row["uri"]) == "silver":
            raise StatementError(f"silver.{row['flow']}")


def check_gold(poison: Poison, uris: Collection[str]) -> None:
    """What gold reads of silver."""
    if any(poison.place_of(uri) == "gold" for uri in uris):
        raise StatementError("gold.counts")


def what_is_parked_is_poison_and_was_reported(world: World) -> Iterator[str]:
    poison = world.scenario.poison
    named = {name for fact in world.messages.published if isinstance(fact, BronzeObjectsParked) for name in fact.parked}
    for _, file in FILES.find(world.documents, 1000, batch=PARKED):
        if not poison.place_of(file.uri):
            yield f"(n) {file.uri} is parked, and is none of the poison: {file.parking}"
        if f"{file.uri}#{file.generation}" not in named:
            yield f"(n) {file.uri} is parked, and no fact says so"
    for row in world.warehouse.silver:
        if poison.place_of(row.uri):
            yield f"(n) {row.uri} is poison, and in silver"


def an_incident_has_an_end(world: World) -> Iterator[str]:
    most = max((run.part for run in world.documents.runs), default=0)
    if most > MOST_RUNS:
        yield f"always: an incident had {most} runs"
    head = HEAD.get(world.documents)
    if head.incidents or head.holds:
        yield f"(i) incidents of {head.incidents} are open, held are {head.holds}"
    reported = {fact.stalled for fact in world.messages.published if isinstance(fact, RunStalled)}
    for flow in world.documents.held_flows:
        if f"flows/{flow}" not in reported:
            yield f"(n) {flow} was held, and no fact says so"
