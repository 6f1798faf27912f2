"""How many bad rows reject an object whole. Pure."""

from __future__ import annotations


def is_too_bad(bad: int, rows: int, reject_ratio: float) -> bool:
    """Whether an object with so many bad rows is rejected whole."""
    return bad > reject_ratio * rows
