"""Is a Parquet object's schema its contract's? All that differs is named at once. Pure."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa

from ripple.errors import PermanentError
from ripple.rows.contracts import Contract
from ripple.rows.contracts.evolution import NEW_FIELD
from ripple.rows.sales_schema import RESCUED, arrow_schema
from ripple.wire.paths import ObjectRef


def compare_schemas(found: pa.Schema, expected: pa.Schema, ref: ObjectRef) -> None:
    differences = find_differences(found, expected)
    if differences:
        said = "; ".join(f"{what}: {', '.join(names)}" for what, names in differences.items())
        raise PermanentError("schema_mismatch", f"{ref.uri}: columns {said}", "see flows/")


def refuse_columns(found: pa.Schema, contract: Contract, ref: ObjectRef) -> None:
    """PermanentError if no row could be taken: a column is there twice, or one is missing, or new, where the flow refuses that."""
    differences = find_differences(found, arrow_schema(contract))
    missing = [name for name in differences.get("missing", ()) if name not in contract.nullable]
    unknown = differences.get("unknown", []) if contract.evolution[NEW_FIELD] == "quarantine" else []
    wrong = {"missing": missing, "unknown": unknown, "twice": differences.get("twice", [])}
    if said := "; ".join(f"{what}: {', '.join(names)}" for what, names in wrong.items() if names):
        raise PermanentError("schema_mismatch", f"{ref.uri}: columns {said}", f"see flows/{contract.flow}.yaml")


def find_differences(found: pa.Schema, expected: pa.Schema) -> dict[str, list[str]]:
    """Names of columns by what is wrong with them. The column of rescued fields may be there, as it is declared. Pure."""
    times = Counter(found.names)
    once = {name: found.field(name) for name in found.names if times[name] == 1}
    allowed = [*expected.names, *([RESCUED.name] if once.get(RESCUED.name, RESCUED) == RESCUED else [])]
    differences = {
        "missing": [name for name in expected.names if not times[name]],
        "unknown": [name for name in found.names if name not in allowed],
        "twice": sorted(name for name in times if times[name] > 1),
        "of another type": [field.name for field in expected if once.get(field.name, field).type != field.type],
    }
    return {what: names for what, names in differences.items() if names}
