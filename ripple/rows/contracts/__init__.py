"""What each flow's rows must look like: one JSON file a flow, and the one place that decides whether a row keeps to it."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from ripple.rows.contracts.checks import Contract, Violation, compile_contract
from ripple.rows.contracts.validation import find_faults

__all__ = ["Contract", "Violation", "load_contract", "read_contract"]


@cache
def load_contract(flow: str) -> Contract:
    """The contract of a flow, compiled; FileNotFoundError if there is none, ValueError if it is none, with all that is wrong."""
    return read_contract(json.loads((files(__package__) / f"{flow}.json").read_bytes()), f"{flow}.json")


def read_contract(source: object, name: str) -> Contract:
    """A contract from its decoded JSON; ValueError names every fault and `name`, where it stands."""
    faults = find_faults(source)
    if faults or not isinstance(source, dict):
        raise ValueError(f"{name} is no contract: " + "; ".join(faults))
    return compile_contract(source)
