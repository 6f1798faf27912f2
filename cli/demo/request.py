"""What the demo is asked for: a world, a window, and how long to wait."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ripple.flows import list_generated


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedWorld:
    """Each field is an argument of the generators, by its name."""

    customers: int
    startups: int
    seed: int
    dirt: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoRequest:
    """Dates as `YYYY-MM-DD`, the last one excluded; seconds to wait at most."""

    window_from: str
    window_to: str
    world: SimulatedWorld
    timeout_seconds: int


def remember_request(request: DemoRequest, file: Path) -> None:
    """One world a lake: RuntimeError if this state folder holds another one."""
    wanted = {"window_from": request.window_from, "window_to": request.window_to, **asdict(request.world)}
    held = json.loads(file.read_text()) if file.exists() else wanted
    if held != wanted:
        differing = ", ".join(f"{name} {held.get(name)}" for name in wanted if held.get(name) != wanted[name])
        raise RuntimeError(f"this laptop holds another world ({differing}); start over with --fresh, or use --state")
    temporary = file.with_suffix(".new")
    temporary.write_text(json.dumps(wanted))
    temporary.replace(file)


def tick_of(request: DemoRequest) -> dict[str, Any]:
    """Its scheduled time is the end of the window, so that the same request is the same tick."""
    return {
        "from": request.window_from,
        "to": request.window_to,
        "flows": list(list_generated()),
        "scheduled_at": f"{request.window_to}T00:00:00+00:00",
        "arguments": {**asdict(request.world), "world-from": request.window_from},
    }
