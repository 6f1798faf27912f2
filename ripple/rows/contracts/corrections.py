"""Corrected lines: how an object of Bronze says whose quarantined lines it corrects, and how each of its lines names one.

The object carries the URI of the quarantine object as custom metadata; each line is a whole row with one field more, `_corrects`: the
number of the quarantined line. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from ripple.rows.contracts.checks import Check, Contract
from ripple.rows.contracts.validation import CORRECTS_FIELD

CORRECTS_KEY = "ripple-corrects"
"""Custom metadata of a Bronze object: the quarantine object that its lines come from."""


def expect_corrections(contract: Contract, lines: Collection[int]) -> Contract:
    """The contract of an object that corrects: that of its flow, and every row names one of the quarantined `lines`."""
    # A kind of its own: an integer may widen to a number, and no line has the number 21.5.
    kinds = {CORRECTS_FIELD: {"kind": "line"}, **contract.kinds}
    return replace(contract, kinds=kinds, checks={CORRECTS_FIELD: _one_of(lines), **contract.checks})


def _one_of(lines: Collection[int]) -> Check:
    def check(value: Any) -> tuple[str, str] | None:
        known = type(value) is int and value in lines
        return None if known else ("correction_unknown", "the number of a line that is in quarantine")

    return check


def write_correction(record: Mapping[str, Any]) -> str:
    """The Bronze line of an edited quarantine record: its `raw`, kept as it is written, and the line that it corrects.

    ValueError names the record by its line and says what is wrong.
    """
    line, raw = record.get("line"), record.get("raw")
    if not isinstance(line, int) or not isinstance(raw, str):
        raise ValueError(f"{json.dumps(record)[:80]}: not a record of quarantine; it has no line, or no raw")
    try:
        row = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"line {line}: its raw is still no JSON: {error}") from None
    if not isinstance(row, dict) or CORRECTS_FIELD in row:
        raise ValueError(f"line {line}: its raw must be a JSON object without {CORRECTS_FIELD}")
    if "\n" in raw.strip():
        raise ValueError(f"line {line}: its raw must be one line")
    rest = raw.strip().removeprefix("{")
    return f'{{"{CORRECTS_FIELD}":{line}{", " if row else ""}{rest.lstrip()}'
