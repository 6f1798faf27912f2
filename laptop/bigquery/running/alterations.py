"""ALTER TABLE ... ADD COLUMN."""

from __future__ import annotations

from sqlglot import exp

from laptop.bigquery.catalog import Resource
from laptop.bigquery.errors import invalid_query, unsupported
from laptop.bigquery.running.outcome import StatementOutcome, outcome_of_definition
from laptop.bigquery.running.session import Session
from laptop.bigquery.running.table_storage import column_of
from laptop.bigquery.sql.columns import field_of_definition
from laptop.bigquery.sql.references import TableName, name_of
from laptop.bigquery.sql.types import Field

_READ = {"this", "kind", "exists", "actions"}


def run_alter(session: Session, tree: exp.Alter) -> StatementOutcome:
    """Columns are added; every other change is refused by name."""
    actions, others = tree.args["actions"], {key for key, value in tree.args.items() if value} - _READ
    if (
        str(tree.args["kind"]).upper() != "TABLE"
        or others
        or not all(isinstance(one, exp.ColumnDef) for one in actions)
    ):
        raise unsupported(f"ALTER other than ADD COLUMN: {tree.sql('bigquery')[:100]}")
    name = name_of(tree.this, session.place)
    if tree.args.get("exists") and session.catalog.table(name) is None:
        return outcome_of_definition("ALTER_TABLE", name, "SKIP")
    added = _fresh_fields(session.catalog.need_table(name), name, actions)
    if added and not session.dry:
        with session.changing(name):
            _add(session, name, added)
    return outcome_of_definition("ALTER_TABLE", name, "ALTER" if added else "SKIP")


def _fresh_fields(resource: Resource, name: TableName, actions: list[exp.ColumnDef]) -> list[Field]:
    """The fields that are not there yet. Raises ApiError for one that is, unless it is asked for IF NOT EXISTS."""
    if resource["type"] != "TABLE":
        raise invalid_query(f"ALTER TABLE ADD COLUMN is not supported on {name}, a {resource['type'].lower()}")
    known = {field["name"].lower() for field in resource["schema"]["fields"]}
    added: list[Field] = []
    for action in actions:
        field = field_of_definition(action)
        if field["name"].lower() in known and not action.args.get("exists"):
            raise invalid_query(f"Column already exists: {field['name']}")
        if field["mode"] == "REQUIRED":
            raise invalid_query(f"Cannot add required column {field['name']}")
        if field["name"].lower() not in known:
            added.append(field)
            known.add(field["name"].lower())
    return added


def _add(session: Session, name: TableName, added: list[Field]) -> None:
    for field in added:
        session.execute(f"ALTER TABLE {name.duck} ADD COLUMN {column_of(field)}")
    found = session.catalog.need_table(name)
    found["schema"]["fields"] += added
    session.catalog.put_table(name, {**found, "lastModifiedTime": str(session.now())})
