"""Documents that drifted and may: what the contract holds of them, and the rest as JSON text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ripple.rows.contracts import Contract
from ripple.rows.contracts.cutting import plant, write_parts
from ripple.rows.contracts.evolution import Path
from ripple.rows.contracts.holding import hold
from ripple.rows.contracts.validation import RESCUED_COLUMN
from ripple.rows.tagged_json import write_tagged


def rescue(row: Mapping[str, Any], paths: Iterable[Path], contract: Contract) -> dict[str, Any]:
    """The contract's fields, those that it can't hold as None, and all it does not foresee in `_rescued`, as tagged JSON."""
    text = write_parts(plant(paths), row, _members, write_tagged)
    return hold(row, contract) | {RESCUED_COLUMN: text}


def _members(place: Any) -> dict[str | int, Any]:
    return dict(enumerate(place)) if isinstance(place, list) else dict(place)
