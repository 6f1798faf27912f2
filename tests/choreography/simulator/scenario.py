"""What happens to the platform from outside: ticks, files that people drop, replays. Small, and decided by the seed."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ripple.rows.checksums import sum_ids
from tests.choreography.simulator.poison import NONE, Poison, draw_poison
from tests.ripple.rows.sample_rows import a_click, a_startup, an_order

CANARY = "jane.roe@example.com"
"""Raw PII in a bad line: it may lie in Bronze and in quarantine's raw text, nowhere else."""
PERIOD = 1200.0
LIVE = "2026-02-10", "2026-02-11"
LIVE_ORDERS = {
    f"live-{n}": an_order(order_id=f"live-{n}", updated_at=dt.datetime(2026, 2, 10, n, tzinfo=dt.UTC)) for n in (3, 9)
}
"""What a live source changed on that day; no generator writes it, an export asks for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """What a generator writes for one flow and window: Bronze objects, or orders by id."""

    flow: str
    window_from: str
    files: Sequence[bytes] = ()
    orders: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return sum(len(data.splitlines()) for data in self.files) + len(self.orders)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Something from outside at a moment, in seconds: a `tick`'s body, a `drop`'s name and bytes, a `replay`'s command."""

    at: float
    kind: str
    name: str
    body: Mapping[str, Any] = field(default_factory=dict)
    data: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """What a window of time and a batch allow; 0 is no cap."""

    runs_per_hour: int = 0
    jobs_per_day: int = 0
    bytes_per_batch: int = 2**40


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    slices: Mapping[tuple[str, str, str], Slice]
    events: Sequence[Outside]
    files_per_batch: int
    delivery_attempts: int
    rough_until: float
    rows_per_slice: int = 50_000
    caps: Caps = field(default_factory=Caps)
    poison: Poison = NONE

    @property
    def expected_files(self) -> int:
        """Bronze objects of generators and of hand; how many an export makes is its plan's."""
        return sum(len(s.files) for s in self.slices.values()) + sum(e.kind == "drop" for e in self.events)

    @property
    def expected_rows(self) -> int:
        dropped = sum(len(event.data.splitlines()) for event in self.events if event.kind == "drop")
        return sum(s.rows for s in self.slices.values()) + dropped


def draw_scenario(seed: int | str) -> Scenario:
    """One to three ticks over one or two flows, now and then a dropped file that is late, and replays of all kinds.

    Slices of one or two orders make a large export of any batch.
    """
    chance = random.Random(f"scenario {seed}")
    slices: dict[tuple[str, str, str], Slice] = {}
    events: list[Outside] = []
    for number in range(chance.choice((1, 1, 2, 2, 3))):
        flows = chance.choice(
            (["clickstream"], ["startups"], ["startups", "clickstream"], ["sales"], ["sales", "clickstream"])
        )
        window = f"2026-03-{number + 1:02d}", f"2026-03-{number + 2:02d}"
        for flow in flows:
            slices[flow, *window] = draw_slice(flow, window[0], f"{flow[:2]}{number}", chance)
        body: dict[str, Any] = {"flows": flows}
        if chance.random() < 0.5 or number:
            body |= {"from": window[0], "to": window[1]}
        if chance.random() < 0.5:
            body["scheduled_at"] = f"{window[1]}T03:00:00+00:00"
        events.append(Outside(at=number * PERIOD, kind="tick", name=f"tick-{number}", body=body))
    if chance.random() < 0.4:
        events.append(draw_drop(chance))
    if chance.random() < 0.2:
        slices["sales", *LIVE] = Slice(flow="sales", window_from=LIVE[0], orders=LIVE_ORDERS)
        body = {"flows": ["sales"], "from": LIVE[0], "to": LIVE[1], "generate": False}
        events.append(Outside(at=chance.uniform(60, 2400), kind="tick", name="tick-live", body=body))
    for number in range(chance.choice((0, 0, 1, 2))):
        events.append(draw_replay(number, chance))
    files_per_batch, delivery_attempts = chance.choice((1, 2, 3, 400)), chance.choice((5, 20))
    rough_until = chance.uniform(2400, 5400)
    return Scenario(
        slices=slices,
        events=sorted(events, key=lambda event: (event.at, event.name)),
        files_per_batch=files_per_batch,
        delivery_attempts=delivery_attempts,
        rough_until=rough_until,
        rows_per_slice=chance.choice((1, 2, 50_000)),
        caps=draw_caps(random.Random(f"caps {seed}")),
        poison=draw_poison(seed, rough_until),
    )


def draw_caps(chance: random.Random) -> Caps:
    """As shipped, or so small that they are met: a file of these has some 500 bytes."""
    return Caps(
        runs_per_hour=chance.choice((12, 12, 3, 1)),
        jobs_per_day=chance.choice((24, 24, 1)),
        bytes_per_batch=chance.choice((2**40, 2**40, 1200)),
    )


def draw_slice(flow: str, day: str, stem: str, chance: random.Random) -> Slice:
    if flow == "sales":
        keys = [f"{stem}-o{i}" for i in range(chance.randint(2, 4))]
        orders = {key: an_order(order_id=key) for key in keys}
        if chance.random() < 0.3:
            orders[keys[0]] = an_order(order_id=keys[0], net_cents="many")
        return Slice(flow=flow, window_from=day, orders=orders)
    files = [draw_file(flow, f"{stem}-f{i}", chance) for i in range(chance.randint(1, 3))]
    return Slice(flow=flow, window_from=day, files=files)


def draw_file(flow: str, stem: str, chance: random.Random) -> bytes:
    """Two to four rows. Some keys come in several files, some lines are bad."""
    make = a_startup if flow == "startups" else a_click
    rows = [make(event_id=f"{stem}-{i}") for i in range(chance.randint(2, 4))]
    if chance.random() < 0.5:
        rows[0] = make(event_id=f"{flow}-twice")
    lines = [json.dumps(row) for row in rows]
    if chance.random() < 0.3:
        lines[-1] = json.dumps(make(event_id=f"{stem}-bad", device=CANARY, stage=CANARY))
    return ("\n".join(lines) + "\n").encode()


def draw_drop(chance: random.Random) -> Outside:
    """A file by hand, with rows of a day long gone: a watermark would leave it out."""
    name = "clickstream/dt=2026-01-01/by-hand.jsonl"
    data = draw_file("clickstream", "hand", chance)
    return Outside(at=chance.uniform(600, 3600), kind="drop", name=name, data=data)


def draw_replay(number: int, chance: random.Random) -> Outside:
    kind = chance.choice(("batch", "training", "flow"))
    body: dict[str, Any] = {"kind": kind}
    if kind == "flow":
        body |= {"flow": "clickstream", "from": "2026-01-01", "to": "2027-01-01"}
    else:
        body["batch"] = chance.choice((1, 1, 2))
    return Outside(at=chance.uniform(600, 4800), kind="replay", name=f"replay-{number}", body=body)


def manifest_of(batch_id: str, slice_: Slice) -> dict[str, Any]:
    ids = sorted(slice_.orders)
    return {
        "batch_id": batch_id,
        "collection": "sales",
        "window_from": slice_.window_from,
        "count": len(ids),
        "id_sum": sum_ids(ids),
        "checksum": hashlib.sha256("\n".join(ids).encode()).hexdigest(),
    }
