"""What a contract's types hold of a row that drifted; what they do not hold is null, and whole in `_rescued`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ripple.rows.contracts.checks import Contract


def hold(row: Mapping[str, Any], contract: Contract) -> dict[str, Any]:
    """What the contract's types hold of a row exactly: 10.0 is the integer 10, 10.5 is none."""
    held: dict[str, Any] = {}
    for field, check in contract.checks.items():
        value = row.get(field)
        if value is None or check(value) is None:
            held[field] = value
        elif field in contract.records:
            held[field] = [hold(item, contract.records[field]) for item in value]
        else:
            held[field] = int(value) if isinstance(value, float) and value.is_integer() else None
    return held
