"""What each flow's rows must look like: one JSON file a flow, and the one place that decides whether a row keeps to it."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from ripple.contracts.checks import Contract, Violation, compile_contract

__all__ = ["Contract", "Violation", "load_contract"]


@cache
def load_contract(flow: str) -> Contract:
    """The contract of a flow, compiled; FileNotFoundError if there is none."""
    return compile_contract(json.loads((files(__package__) / f"{flow}.json").read_bytes()))
