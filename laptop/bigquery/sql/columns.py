"""Column definitions of CREATE TABLE as REST fields."""

from __future__ import annotations

from sqlglot import exp

from laptop.bigquery.errors import unsupported
from laptop.bigquery.sql.options import options_of
from laptop.bigquery.sql.types import Field, duck_type, field_of_duck


def field_of_definition(column: exp.ColumnDef) -> Field:
    """Name, type, mode and description. Raises ApiError for other constraints."""
    assert isinstance(column.kind, exp.DataType)
    described = (
        duck_type(column.kind)
        .replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE")
        .replace("DECIMAL(38, 9)", "DECIMAL(38,9)")
    )
    field = field_of_duck(column.name, described)
    for constraint in column.constraints:
        kind = constraint.kind
        if isinstance(kind, exp.NotNullColumnConstraint):
            field["mode"] = "REQUIRED"
        elif isinstance(kind, exp.Properties):
            field.update({key: value for key, value in options_of(kind).items() if key == "description"})
        else:
            raise unsupported(f"column constraint {constraint.sql('bigquery')}")
    return field
