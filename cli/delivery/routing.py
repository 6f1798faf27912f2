"""The routes of a checkout, which need not be those of this program."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from ripple.deployment.routes import WORKFLOW

Route = dict[str, tuple[str, ...]]
_STATED_BY = {"workflows/run_elt": WORKFLOW, "pipelines/train_repeat_purchase": "start_training"}
"""What `STATED_ELSEWHERE` names, as the part that brings it: the pipeline's spec comes with the function that submits it."""


_FILES = ("ripple/deployment/routes.py", "ripple/routes.py")
"""Where the routes lie in a checkout: now, and in releases made before they moved."""


def routes_file(root: Path) -> Path:
    """The file of the routes in the checkout `root`; today's place if it holds none."""
    return next((root / place for place in _FILES if (root / place).is_file()), root / _FILES[0])


def read_routes(root: Path) -> tuple[dict[str, Route], tuple[str, ...]]:
    """What each part reacts to and states, by event type, `finalize:BUCKET` or `TOPIC:KIND`; and the topics."""
    table = _load(routes_file(root))
    routes = {
        stage.name: {"reacts_to": tuple(map(_describe, stage.triggers)), "states": tuple(stage.states)}
        for stage in table.STAGES.values()
    }
    for place, types in table.STATED_ELSEWHERE.items():
        route = routes.setdefault(_STATED_BY.get(place, place), {"reacts_to": (), "states": ()})
        route["states"] = tuple(sorted({*route["states"], *types}))
    return routes, tuple(table.TOPICS)


def _describe(trigger: Any) -> str:
    if hasattr(trigger, "type"):
        return str(trigger.type)
    return f"finalize:{trigger.bucket}" if hasattr(trigger, "bucket") else f"{trigger.topic}:{trigger.kind}"


def _load(file: Path) -> ModuleType:
    """The module in `file`, under a name of its own: it imports nothing but the standard library, and a test holds it to that."""
    name = "routes_of_checkout"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[name]
    return module
