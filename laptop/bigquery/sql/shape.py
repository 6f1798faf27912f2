"""What GoogleSQL says about a whole query's shape: its columns' names, SELECT AS STRUCT, `_FILE_NAME`."""

from __future__ import annotations

from sqlglot import exp

from laptop.bigquery.errors import invalid_query, unsupported

FILE_NAME = "_FILE_NAME"


def name_columns(query: exp.Expr) -> None:
    """Columns of the outermost SELECT take their name as it is written there; unnamed ones are `f0_`, `f1_`, ... in place."""
    select = outermost_select(query)
    if select is None:
        return
    unnamed = 0
    for projection in list(select.expressions):
        inner = projection.unnest()
        if isinstance(inner, exp.Dot) or (isinstance(inner, exp.Column) and not inner.is_star):
            projection.replace(exp.alias_(projection.copy(), inner.name, quoted=True))
        elif not isinstance(projection, exp.Alias | exp.Column | exp.Star):
            projection.replace(exp.alias_(projection.copy(), f"f{unnamed}_"))
            unnamed += 1


def outermost_select(query: exp.Expr) -> exp.Select | None:
    while isinstance(query, exp.SetOperation | exp.Subquery):
        query = query.this
    return query if isinstance(query, exp.Select) else None


def require_named_columns(query: exp.Expr) -> None:
    """CREATE TABLE AS: every column needs a name. Raises ApiError."""
    select = outermost_select(query)
    for position, projection in enumerate(select.expressions if select else []):
        if not isinstance(projection, exp.Alias | exp.Column | exp.Star | exp.Dot):
            raise invalid_query(f"CREATE TABLE columns must be named, but column {position + 1} has no name")


def build_structs(tree: exp.Expr) -> None:
    """`SELECT AS STRUCT a, b` as `SELECT STRUCT(a, b)`, in place."""
    for select in tree.find_all(exp.Select):
        kind = select.args.get("kind")
        if kind == "STRUCT":
            if any(item.is_star for item in select.expressions):
                raise unsupported("SELECT AS STRUCT *")
            packed = exp.Anonymous(this="STRUCT", expressions=[item.copy() for item in select.expressions])
            select.set("expressions", [exp.alias_(packed, "_struct")])
        select.set("kind", None)


def group_by_alias(tree: exp.Expr) -> None:
    """GROUP BY prefers the SELECT list's alias to a column of the same name (DuckDB: the column), in place."""
    for select in tree.find_all(exp.Select):
        group = select.args.get("group")
        aliases = {item.alias.lower(): item.this for item in select.expressions if isinstance(item, exp.Alias)}
        for item in list(group.expressions) if group else []:
            if isinstance(item, exp.Column) and not item.table and item.name.lower() in aliases:
                item.replace(aliases[item.name.lower()].copy())


def mentions_file_name(select: exp.Expr | None) -> bool:
    return select is not None and any(column.name.upper() == FILE_NAME for column in select.find_all(exp.Column))


def hide_file_name(select: exp.Select) -> None:
    """`*` leaves the pseudo column out even where the query names it beside the star, in place."""
    for projection in select.expressions:
        star = projection if isinstance(projection, exp.Star) else projection.this
        if isinstance(star, exp.Star):
            hidden = [*(star.args.get("except_") or []), exp.to_identifier(FILE_NAME, quoted=True)]
            star.set("except_", hidden)


def partition_predicates(
    select: exp.Select | None, table: exp.Table, names: set[str], constants: frozenset[str]
) -> list[exp.Expr]:
    """The conjuncts of WHERE that read nothing but this table's partition columns and constants, unqualified."""
    where = select.args.get("where") if select else None
    if where is None:
        return []
    kept = []
    for conjunct in where.this.flatten() if isinstance(where.this, exp.And) else [where.this]:
        columns = list(conjunct.find_all(exp.Column))
        if _only_reads(columns, table.alias_or_name, names, constants) and not conjunct.find(exp.Query, exp.Window):
            kept.append(_unqualified(conjunct))
    return kept


def _only_reads(columns: list[exp.Column], alias: str, names: set[str], constants: frozenset[str]) -> bool:
    mine = [column for column in columns if column.name.lower() not in constants]
    return bool(mine) and all(column.name.lower() in names and column.table in ("", alias) for column in mine)


def _unqualified(conjunct: exp.Expr) -> exp.Expr:
    copied = conjunct.copy()
    for column in copied.find_all(exp.Column):
        column.set("table", None)
    return copied
