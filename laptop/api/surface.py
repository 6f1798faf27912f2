"""What one server answers of one of Google's APIs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SERVED, ABSENT = "served", "not there"
_FOLDER = Path(__file__).with_name("methods")
_REASONS = (
    (re.compile(r"IamPolicy$|IamPermissions$|AccessControls\.|hmacKeys\."), "the laptop checks no permissions"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """`methods` maps each method of the API to "served", "not there", or the reason why it is refused for good."""

    title: str
    source: str
    methods: Mapping[str, str]


def read_methods(name: str) -> dict[str, Any]:
    """`methods/NAME.json`, as `laptop.api.collect` wrote it."""
    listed: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_text())
    return listed


def find_reason(method: str) -> str:
    """Why a method that no handler answers will not be there, "" if it may come. Pure."""
    return next((reason for pattern, reason in _REASONS if pattern.search(method)), "")


def word_refusal(method: str) -> str:
    """What its caller reads. Pure."""
    reason = find_reason(method)
    return f"{method} is not served by the laptop" + (f": {reason}" if reason else "")
