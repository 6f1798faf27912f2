"""A demo's request is one tick, and one world a state folder."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from cli.demo.request import DemoRequest, SimulatedWorld, remember_request, tick_of

WORLD = SimulatedWorld(customers=50, startups=5, seed=7, dirt=0.02)
REQUEST = DemoRequest(window_from="2025-11-01", window_to="2026-11-01", world=WORLD, timeout_seconds=600)


def test_each_parameter_of_the_world_is_an_argument_of_the_generators() -> None:
    assert tick_of(REQUEST)["arguments"] == {**asdict(WORLD), "world-from": "2025-11-01"}


def test_the_same_request_is_the_same_tick() -> None:
    assert tick_of(REQUEST) == tick_of(replace(REQUEST, timeout_seconds=1))
    assert tick_of(REQUEST)["scheduled_at"] == "2026-11-01T00:00:00+00:00"


def test_a_state_folder_holds_one_world(tmp_path: Path) -> None:
    file = tmp_path / "demo.json"
    remember_request(REQUEST, file)
    remember_request(replace(REQUEST, timeout_seconds=1), file)
    with pytest.raises(RuntimeError, match=r"another world \(seed 7\)"):
        remember_request(replace(REQUEST, world=replace(WORLD, seed=8)), file)
