"""Is a Parquet object's schema its contract's? All that differs is named at once. Pure."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa

from ripple.errors import PermanentError
from ripple.rows.sales_schema import RESCUED
from ripple.wire.paths import ObjectRef


def compare_schemas(found: pa.Schema, expected: pa.Schema, ref: ObjectRef) -> None:
    differences = find_differences(found, expected)
    if differences:
        said = "; ".join(f"{what}: {', '.join(names)}" for what, names in differences.items())
        raise PermanentError("schema_mismatch", f"{ref.uri}: columns {said}", "see flows/")


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
