"""What goes wrong, and when: every fault is a throw of dice that the seed and the place decide.

A place is a name such as `land_object:e-1/2#3`, so that leaving one fault out does not reshuffle the others. That is
what lets a failing seed be shrunk to the few faults that matter.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

HOUR = 3600.0
RATES: Mapping[str, float] = {
    "duplicate": 0.25,
    "delay": 0.15,
    "drop": 0.10,
    "finalize lost": 0.03,
    "crash": 0.06,
    "error": 0.03,
    "stall": 0.02,
    "abort": 0.05,
    "execution dies": 0.02,
    "invocation fails": 0.01,
    "job fails": 0.10,
    "tick twice": 0.25,
    "stream ends": 0.03,
}
"""Chances. `crash`, `error` and `stall` are per step, half of them before the step takes effect and half after it.

A stream that ends early brings no further page, and says nothing.

An execution and an invocation live through some fifteen steps each, are kept by managed services, and are not tried
again for one step: at 6 % a step three attempts of a batch would mostly fail, and the figures would show parking only.
"""


@dataclass(slots=True)
class FaultSchedule:
    """Faults by seed while it is rough. `only` keeps the named ones, `planned` adds some: `{step's number: fault}`."""

    seed: str
    rates: Mapping[str, float] = field(default_factory=lambda: RATES)
    until: float = 0.0
    only: Collection[str] | None = None
    planned: Mapping[int, str] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)
    over_at: float = 0.0

    def dice(self, place: str) -> bytes:
        """32 bytes of chance for a place."""
        return hashlib.blake2b(f"{self.seed}|{place}".encode(), digest_size=32).digest()

    def roll(self, place: str) -> float:
        """Chance in `[0, 1)`."""
        return int.from_bytes(self.dice(place)[:6], "big") / (1 << 48)

    def hits(self, kind: str, place: str, chance: float, now: float) -> bool:
        """Whether a fault of that kind strikes here and now, given a throw in `[0, 1)`."""
        if now >= self.until or chance >= self.rates[kind]:
            return False
        name = f"{kind}@{place}"
        if self.only is not None and name not in self.only:
            return False
        self.taken.append(name)
        return True

    def active(self, now: float) -> bool:
        return now < self.until

    def strikes(self, kind: str, place: str, now: float) -> bool:
        return self.active(now) and self.hits(kind, place, self.roll(f"{kind}@{place}"), now)

    def lasts(self, place: str, shortest: float, longest: float, now: float) -> float:
        """How long a fault lasts, in seconds; until then faults go on."""
        length: float = shortest * (longest / shortest) ** self.roll(f"length@{place}")
        self.over_at = max(self.over_at, now + length)
        return length

    def counts(self) -> Counter[str]:
        return Counter(name.partition("@")[0] for name in self.taken)
