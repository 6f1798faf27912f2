"""Run the demo: publish, wait, count."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from cli.demo.counting import count_outcome
from cli.demo.request import DemoRequest, remember_request, tick_of
from cli.demo.watching import wait_for_model
from cli.ticking import publish_tick


def run_demo(request: DemoRequest, environ: Mapping[str, str], state: Path, console: Console) -> dict[str, Any]:
    """Publish the tick (again, if an earlier demo was interrupted: it acts once) and wait for the last model."""
    began = time.monotonic()
    remember_request(request, state / "demo.json")
    publish_tick(environ, tick_of(request))
    publish_tick(environ, {}, kind="sweep")
    wait_for_model(request.timeout_seconds, environ, console)
    return count_outcome(environ, time.monotonic() - began)
