"""What each flow's rows must look like, and the one place that decides whether a row keeps to it."""

from __future__ import annotations

from ripple.rows.contracts.checks import Contract, Violation, compile_contract
from ripple.rows.contracts.validation import find_faults

__all__ = ["Contract", "Violation", "read_contract"]


def read_contract(source: object, name: str) -> Contract:
    """A contract from its decoded JSON; ValueError names every fault and `name`, where it stands."""
    faults = find_faults(source)
    if faults or not isinstance(source, dict):
        raise ValueError(f"{name} is no contract: " + "; ".join(faults))
    return compile_contract(source)
