"""INSERT, UPDATE, DELETE, MERGE, TRUNCATE."""

from __future__ import annotations

from sqlglot import exp

from laptop.bigquery.catalog import Resource
from laptop.bigquery.errors import invalid_query, unsupported
from laptop.bigquery.running.outcome import StatementOutcome
from laptop.bigquery.running.partitions import within_partition_limits
from laptop.bigquery.running.session import Session
from laptop.bigquery.sql.references import name_of
from laptop.bigquery.sql.types import Field, field_of_duck
from laptop.bigquery.table_locks import Change

_CHANGES = {"INSERT": Change.APPEND}
_WIDENS = {"INTEGER": {"INTEGER", "NUMERIC", "FLOAT"}, "NUMERIC": {"NUMERIC", "FLOAT"}}


def run_change(session: Session, tree: exp.Expr, kind: str) -> StatementOutcome:
    """One data change. `affected` is the number of rows inserted, updated and deleted."""
    tree = _with_from(tree)
    target = _target(tree)
    name = name_of(target, session.place)
    resource = session.catalog.need_table(name)
    if resource["type"] != "TABLE":
        raise invalid_query(f"{kind} is not supported on {name}, a {resource['type'].lower()}")
    if isinstance(tree, exp.Update | exp.Delete) and not tree.args.get("where"):
        raise invalid_query(f"{kind} must have a WHERE clause")
    statement = _prepared(session, tree, resource)
    sql = session.translate(statement)
    outcome = StatementOutcome(kind=kind)
    if not session.dry:
        with session.changing(name, change=_CHANGES.get(kind, Change.MUTATE)):
            _refuse_ambiguous_match(session, statement)
            with within_partition_limits(session, name):
                outcome.affected = session.count(sql)
    return outcome


def _with_from(tree: exp.Expr) -> exp.Expr:
    """`DELETE t WHERE` as `DELETE FROM t WHERE`: the parser takes `t` for one of several tables."""
    if not isinstance(tree, exp.Delete) or tree.this:
        return tree
    plain = tree.copy()
    plain.set("this", plain.args["tables"][0].copy())
    plain.set("tables", None)
    return plain


def _target(tree: exp.Expr) -> exp.Table:
    target = tree.expressions[0] if isinstance(tree, exp.TruncateTable) else tree.this
    table = target.this if isinstance(target, exp.Schema) else target
    if not isinstance(table, exp.Table):
        raise unsupported(f"target {target.sql('bigquery')}")
    return table


def _prepared(session: Session, tree: exp.Expr, resource: Resource) -> exp.Expr:
    fields = resource["schema"]["fields"]
    if isinstance(tree, exp.TruncateTable):
        return exp.Delete(this=tree.expressions[0].copy())
    if isinstance(tree, exp.Insert):
        _check_insert(session, tree, fields)
    if isinstance(tree, exp.Merge):
        return _spell_out_rows(session, tree.copy(), fields)
    return tree


def _check_insert(session: Session, tree: exp.Insert, fields: list[Field]) -> None:
    """INSERT ... SELECT: the same number of columns, and types BigQuery would coerce (DuckDB casts anything)."""
    if not isinstance(tree.expression, exp.Query) or isinstance(tree.expression, exp.Values):
        return
    named = [column.name.lower() for column in tree.this.expressions] if isinstance(tree.this, exp.Schema) else None
    by_name = {field["name"].lower(): field for field in fields}
    wanted = [by_name[name] for name in named if name in by_name] if named else fields
    given = [field_of_duck(name, duck) for name, duck in session.describe(session.translate(tree.expression.copy()))]
    if len(given) != len(wanted):
        raise invalid_query(f"Inserted row has wrong column count; Has {len(given)}, expected {len(wanted)}")
    for have, want in zip(given, wanted, strict=True):
        if not _coerces(have, want):
            raise invalid_query(f"Query column {have['name']} has type {have['type']} which cannot be inserted into column "
                                f"{want['name']}, which has type {want['type']}")  # fmt: skip


def _coerces(have: Field, want: Field) -> bool:
    source, target = have["type"], want["type"]
    if (have["mode"] == "REPEATED") != (want.get("mode") == "REPEATED"):
        return bool(source == "INTEGER")
    target = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN", "STRUCT": "RECORD"}.get(target, target)
    # An untyped NULL reads as INTEGER here, and a literal's text may be any temporal type.
    textual = source == "STRING" and target in ("DATE", "DATETIME", "TIME", "TIMESTAMP")
    widened: set[str] = _WIDENS.get(source, set())
    return bool(source == target or target in widened or textual or source == "INTEGER")


def _spell_out_rows(session: Session, merge: exp.Merge, fields: list[Field]) -> exp.Merge:
    """INSERT ROW means every column of the source, in its order."""
    for when in merge.find_all(exp.When):
        then = when.args["then"]
        if isinstance(then, exp.Insert) and then.this is not None and then.this.name.upper() == "ROW":
            columns = _source_columns(session, merge)
            values = [exp.column(column, table=merge.args["using"].alias_or_name, quoted=True) for column in columns]
            names = [exp.to_identifier(field["name"], quoted=True) for field in fields]
            if len(values) != len(names):
                raise invalid_query(f"Inserted row has wrong column count; Has {len(values)}, expected {len(names)}")
            then.set("this", exp.Tuple(expressions=[exp.Column(this=name) for name in names]))
            then.set("expression", exp.Tuple(expressions=values))
    return merge


def _source_columns(session: Session, merge: exp.Merge) -> list[str]:
    using = merge.args["using"]
    return [name for name, _ in session.describe(session.translate(exp.select("*").from_(using.copy())))]


def _refuse_ambiguous_match(session: Session, tree: exp.Expr) -> None:
    """DuckDB takes any of several matching source rows; BigQuery refuses."""
    if not isinstance(tree, exp.Merge) or not any(when.args.get("matched") for when in tree.find_all(exp.When)):
        return
    target = tree.this.copy()
    row = exp.column("rowid", table=target.alias_or_name)
    matches = exp.select(row).from_(target).join(tree.args["using"].copy(), on=tree.args["on"].copy())
    sql = session.translate(matches)
    if session.execute(f"SELECT 1 FROM ({sql}) GROUP BY rowid HAVING count(*) > 1 LIMIT 1").fetchall():
        raise invalid_query("UPDATE/MERGE must match at most one source row for each target row")
