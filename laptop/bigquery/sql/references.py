"""Names of tables: GoogleSQL's paths resolved against the catalog and put in the tree as DuckDB reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlglot import exp

from laptop.bigquery.errors import invalid_query, unsupported


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class TableName:
    """project, dataset, table."""

    project: str
    dataset: str
    table: str

    def __str__(self) -> str:
        return f"{self.project}:{self.dataset}.{self.table}"

    @property
    def duck(self) -> str:
        return f'"{self.dataset}"."{self.table}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where unqualified names are looked up: the job's project and its default dataset, if any."""

    project: str
    dataset: str | None = None


@dataclass(slots=True, kw_only=True)
class Resolved:
    """The tree with its tables replaced, and what it reads."""

    tree: exp.Expr
    tables: list[TableName] = field(default_factory=list)


Source = Callable[[TableName, exp.Table, exp.Select | None], exp.Expr]


def name_of(table: exp.Table, place: Place) -> TableName:
    """Raises ApiError for a name with no dataset where the job has no default."""
    parts = [str(part.name) for part in table.parts]
    if len(parts) == 1 and "." in parts[0]:
        parts = parts[0].split(".")
    if any("*" in part for part in parts):
        raise unsupported(f"wildcard table {'.'.join(parts)}")
    if any(part.upper().startswith("INFORMATION_SCHEMA") for part in parts):
        raise unsupported(f"INFORMATION_SCHEMA ({'.'.join(parts)})")
    if len(parts) == 1 and place.dataset is None:
        raise invalid_query(f'Table "{parts[0]}" must be qualified with a dataset (e.g. dataset.table).')
    full = [*[place.project, str(place.dataset)][: 3 - len(parts)], *parts]
    if len(full) != 3:
        raise invalid_query(f"Invalid table name: {'.'.join(parts)}")
    return TableName(project=full[0], dataset=full[1], table=full[2])


def resolve(tree: exp.Expr, place: Place, source: Source) -> Resolved:
    """Replace every table that is no CTE by what `source` says it is; unnests become lateral subqueries."""
    resolved = Resolved(tree=tree)
    for unnest in list(tree.find_all(exp.Unnest)):
        if isinstance(unnest.parent, exp.From | exp.Join):
            _keep_empty(unnest.parent)
            unnest.replace(_lateral(unnest))
    for table in list(tree.find_all(exp.Table)):
        if not isinstance(table.this, exp.Identifier):
            raise unsupported(f"table function {table.sql('bigquery')}")
        if len(table.parts) == 1 and _is_cte(table):
            continue
        if _is_array_path(table):
            table.replace(_lateral_path(table))
            continue
        _refuse_table_clauses(table)
        name = name_of(table, place)
        resolved.tables.append(name)
        select = table.find_ancestor(exp.Select, exp.Merge, exp.Update, exp.Delete)
        table.replace(source(name, table, select if isinstance(select, exp.Select) else None))
    return resolved


_TABLE_PARTS = ("this", "db", "catalog", "alias")


def _refuse_table_clauses(table: exp.Table) -> None:
    """FOR SYSTEM_TIME AS OF, TABLESAMPLE and whatever else stands beside a table's name."""
    said = [name for name, value in table.args.items() if value and name not in _TABLE_PARTS]
    if said:
        raise unsupported(f"{', '.join(said)} of a table: {table.sql('bigquery')}")


def _keep_empty(parent: exp.Expr) -> None:
    """`LEFT JOIN UNNEST(...)` needs no ON in GoogleSQL; without one DuckDB would join it as CROSS."""
    if isinstance(parent, exp.Join) and parent.side.upper() == "LEFT" and not parent.args.get("on"):
        parent.set("on", exp.true())


def _is_cte(table: exp.Table) -> bool:
    node: exp.Expr | None = table
    while node is not None:
        clause = node.args.get("with_") or node.args.get("with")
        if clause and any(cte.alias.lower() == table.name.lower() for cte in clause.expressions):
            return True
        node = node.parent
    return False


def _is_array_path(table: exp.Table) -> bool:
    """`FROM orders AS o, o.items`: the first part names a table before it in the same FROM."""
    select = table.find_ancestor(exp.Select)
    if len(table.parts) != 2 or not isinstance(table.parent, exp.Join) or select is None:
        return False
    clause = select.args.get("from_") or select.args.get("from")
    others = [clause.this if clause else None] + [join.this for join in select.args.get("joins") or []]
    return any(
        other is not None and other is not table and other.alias_or_name == table.parts[0].name for other in others
    )


def _lateral_path(table: exp.Table) -> exp.Expr:
    path = exp.column(table.parts[1].name, table=table.parts[0].name, quoted=True)
    name = table.alias or table.parts[1].name
    alias = exp.TableAlias(columns=[exp.to_identifier(name)])
    return _lateral(exp.Unnest(expressions=[path], alias=alias))


def _lateral(unnest: exp.Unnest) -> exp.Expr:
    """`UNNEST(a) AS x WITH OFFSET AS o` as `(SELECT unnest(a) AS x, generate_subscripts(a, 1) - 1 AS o) AS x`."""
    if len(unnest.expressions) != 1:
        raise unsupported("UNNEST of more than one array")
    items = unnest.expressions[0]
    alias = unnest.args.get("alias")
    columns = alias.args.get("columns") if alias else None
    name = columns[0].name if columns else (alias.name if alias and alias.this else "")
    offset = unnest.args.get("offset")
    offset_name = (offset.name if isinstance(offset, exp.Identifier) else "offset") if offset else ""
    return _unnesting(items, name, offset_name)


def _unnesting(items: exp.Expr, name: str, offset: str) -> exp.Expr:
    spread = _is_struct_array(items)
    element = exp.Anonymous(this="BQ_UNNEST_STRUCTS" if spread else "BQ_UNNEST", expressions=[items.copy()])
    shown = element if spread else exp.alias_(element, name or "_element", quoted=True)
    projections: list[exp.Expr] = [shown]
    if offset:
        subscripts = exp.Anonymous(this="BQ_SUBSCRIPTS", expressions=[items.copy()])
        projections.append(exp.alias_(subscripts, offset, quoted=True))
    alias = exp.TableAlias(this=exp.to_identifier(name or "_unnested", quoted=True))
    return exp.Subquery(this=exp.Select(expressions=projections), alias=alias)


def _is_struct_array(items: exp.Expr) -> bool:
    """A literal array of structs: its fields are columns of the unnested table."""
    if isinstance(items, exp.Cast) and items.to.expressions:
        inner = items.to.expressions[0]
        return isinstance(inner, exp.DataType) and inner.this == exp.DataType.Type.STRUCT
    if not isinstance(items, exp.Array) or not items.expressions:
        return False
    first = items.expressions[0]
    if isinstance(first, exp.Cast):
        return isinstance(first.this, exp.Struct)
    return isinstance(first, exp.Struct) or (isinstance(first, exp.Anonymous) and first.name.upper() == "STRUCT")
