"""What is said of a page of an object's rows, whatever their format; and rows that are decoded already, judged together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from ripple.rows.arrow_rows import to_columns
from ripple.rows.contracts import Contract
from ripple.rows.contracts.checks import Violation
from ripple.rows.contracts.columns import find_suspects
from ripple.rows.contracts.evolution import examine
from ripple.rows.contracts.lines import BadLine, RescuedLine
from ripple.rows.contracts.rescuing import rescue
from ripple.rows.contracts.validation import CORRECTS_FIELD
from ripple.rows.sales_schema import RESCUED, arrow_schema

OFFSET, DIGEST, CORRECTS = "source_offset", "line_hash", "corrects_line"


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPage:
    """How many rows a page has; those accepted, typed, with offset, hash and what is rescued, in any order.

    `odd` are the rows that are bad or rescued, in order, each with how many rows the page has up to it.
    """

    rows: int
    accepted: Any
    odd: Sequence[tuple[int, BadLine | RescuedLine]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedRow:
    """A row as its format gave it, or what kept it from being one; its number from 1, its offset, its hash, and its text for quarantine."""

    line: int
    offset: int
    row: Mapping[str, Any]
    line_hash: str
    raw: str
    violation: Violation | None = None


def judge_decoded(rows: Sequence[DecodedRow], contract: Contract) -> JudgedPage:
    """Good rows, rows that drifted and may, and bad ones, as `judge_lines` would sort the same rows. Pure."""
    suspects = find_suspects([decoded.row for decoded in rows], contract)
    landing: list[tuple[DecodedRow, Mapping[str, Any]]] = []
    odd: list[tuple[int, BadLine | RescuedLine]] = []
    for at, decoded in enumerate(rows):
        violation = decoded.violation or (contract.find_violation(decoded.row) if at in suspects else None)
        if violation is None:
            landing.append((decoded, decoded.row))
            continue
        found = _sort_out(decoded, violation, contract)
        odd.append((at + 1, found))
        if isinstance(found, RescuedLine):
            landing.append((decoded, {**found.row, RESCUED.name: found.rescued}))
    return JudgedPage(rows=len(rows), accepted=_to_table(landing, contract), odd=odd)


def _sort_out(decoded: DecodedRow, violation: Violation, contract: Contract) -> BadLine | RescuedLine:
    bad = BadLine(
        line=decoded.line,
        offset=decoded.offset,
        violation=violation,
        raw=decoded.raw,
        line_hash=decoded.line_hash,
    )
    if decoded.violation is not None:
        return bad
    examined = examine(decoded.row, contract)
    if not examined.lands:
        return replace(bad, drifts=examined.drifts)
    held = rescue(decoded.row, examined.paths, contract)
    return RescuedLine(
        line=decoded.line,
        offset=decoded.offset,
        size=len(decoded.raw),
        row=held,
        line_hash=decoded.line_hash,
        rescued=held.pop(RESCUED.name),
        drifts=examined.drifts,
    )


def _to_table(landing: Sequence[tuple[DecodedRow, Mapping[str, Any]]], contract: Contract) -> Any:
    rows = [row for _, row in landing]
    columns = to_columns(rows, without_corrections(contract)) | {
        RESCUED.name: pa.array([row.get(RESCUED.name) for row in rows], pa.string()),
        CORRECTS: pa.array([row.get(CORRECTS_FIELD) for row in rows], pa.int64()),
        OFFSET: pa.array([decoded.offset for decoded, _ in landing], pa.int64()),
        DIGEST: pa.array([decoded.line_hash for decoded, _ in landing], pa.string()),
    }
    schema = accepted_schema(contract)
    return pa.table([columns[name] for name in schema.names], schema=schema)


def without_corrections(contract: Contract) -> Contract:
    """What names the corrected line is no column of the flow."""
    kinds = {name: rule for name, rule in contract.kinds.items() if name != CORRECTS_FIELD}
    return replace(contract, kinds=kinds)


def accepted_schema(contract: Contract) -> pa.Schema:
    """The columns of accepted rows: the contract's, what is rescued, the line that is corrected, and where the row is from."""
    ends = [pa.field(CORRECTS, pa.int64()), pa.field(OFFSET, pa.int64()), pa.field(DIGEST, pa.string())]
    return pa.schema([*arrow_schema(without_corrections(contract)), RESCUED, *ends])
