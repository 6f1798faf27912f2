"""CREATE and DROP: tables, views, schemas."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from laptop.bigquery.errors import duplicate, invalid_query, not_found, unsupported
from laptop.bigquery.external.definition import read_definition
from laptop.bigquery.running.dataset_storage import new_dataset
from laptop.bigquery.running.outcome import StatementOutcome, outcome_of_definition
from laptop.bigquery.running.partitions import check_created, check_partition_column
from laptop.bigquery.running.queries import result_fields, with_canonical_types
from laptop.bigquery.running.session import Session
from laptop.bigquery.running.table_options import described, metadata_of
from laptop.bigquery.running.table_storage import drop_storage, new_table, resource_of
from laptop.bigquery.sql.columns import field_of_definition
from laptop.bigquery.sql.dialect import parse_tokens
from laptop.bigquery.sql.external_ddl import ExternalTable, parse_external_table
from laptop.bigquery.sql.options import options_of
from laptop.bigquery.sql.references import TableName, name_of
from laptop.bigquery.sql.script import Statement
from laptop.bigquery.sql.shape import require_named_columns
from laptop.bigquery.sql.types import Field


def run_create(session: Session, tree: exp.Create) -> StatementOutcome:
    kind = str(tree.args["kind"]).upper()
    if kind == "SCHEMA":
        return _create_schema(session, tree)
    if kind not in ("TABLE", "VIEW") or tree.args.get("clone"):
        raise unsupported(f"statement CREATE {kind}")
    if tree.find(exp.TemporaryProperty):
        raise unsupported(f"statement CREATE TEMP {kind}")
    target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    name = name_of(target, session.place)
    if _exists(session, name, replace=bool(tree.args.get("replace")), skip=bool(tree.args.get("exists"))):
        return outcome_of_definition(f"CREATE_{kind}", name, "SKIP")
    if kind == "VIEW":
        return _create_view(session, tree, name)
    return _create_as(session, tree, name) if tree.expression else _create_table(session, tree, name)


def _exists(session: Session, name: TableName, *, replace: bool, skip: bool) -> bool:
    """Whether there is nothing to do. Raises ApiError if the name is taken, or its dataset missing."""
    session.catalog.need_dataset(name.project, name.dataset)
    taken = session.catalog.table(name) is not None
    if taken and not replace and not skip:
        raise duplicate("Table", str(name))
    return taken and skip


def _create_schema(session: Session, tree: exp.Create) -> StatementOutcome:
    dataset, project = tree.this.db, tree.this.catalog or session.place.project
    existing = session.catalog.dataset(dataset)
    if existing is not None and not tree.args.get("exists"):
        raise duplicate("Dataset", f"{project}:{dataset}")
    if existing is None and not session.dry:
        with session.changing():
            new_dataset(session, dataset, described(session, options_of(tree.args.get("properties"))))
    return StatementOutcome(
        kind="CREATE_SCHEMA", statistics={"ddlOperationPerformed": "SKIP" if existing else "CREATE"}
    )


def _create_view(session: Session, tree: exp.Create, name: TableName) -> StatementOutcome:
    if tree.find(exp.MaterializedProperty):
        raise unsupported("statement CREATE MATERIALIZED VIEW")
    query = tree.expression
    fields = result_fields(session, session.translate_query(query.copy()))
    if not session.dry:
        more = {"view": {"query": query.sql("bigquery"), "useLegacySql": False}, **metadata_of(session, tree)}
        with session.changing(name):
            drop_storage(session, name)
            session.catalog.put_table(name, resource_of(name, "VIEW", fields, session.now(), more))
    return outcome_of_definition("CREATE_VIEW", name, "CREATE")


def _create_table(session: Session, tree: exp.Create, name: TableName) -> StatementOutcome:
    if not isinstance(tree.this, exp.Schema):
        raise unsupported("CREATE TABLE without columns or AS")
    fields = [field_of_definition(column) for column in tree.this.expressions]
    if not session.dry:
        more = metadata_of(session, tree)
        check_partition_column(fields, more)
        with session.changing(name):
            new_table(session, name, fields, more)
    return outcome_of_definition("CREATE_TABLE", name, "CREATE")


def _create_as(session: Session, tree: exp.Create, name: TableName) -> StatementOutcome:
    """The query may read the table it replaces: DuckDB replaces only when the query is done."""
    require_named_columns(tree.expression)
    sql = session.translate_query(tree.expression.copy())
    fields = result_fields(session, sql)
    if isinstance(tree.this, exp.Schema):
        fields = _declared(fields, [field_of_definition(column) for column in tree.this.expressions])
        sql = f"SELECT * FROM ({sql}) AS t({', '.join(field['name'] for field in fields)})"
    if not session.dry:
        more = metadata_of(session, tree)
        check_partition_column(fields, more)
        with session.changing(name):
            session.execute(f"CREATE OR REPLACE TABLE {name.duck} AS {with_canonical_types(sql, fields)}")
            session.catalog.put_table(name, resource_of(name, "TABLE", fields, session.now(), more))
            check_created(session, name)
    return outcome_of_definition("CREATE_TABLE_AS_SELECT", name, "CREATE")


def _declared(found: list[Field], declared: list[Field]) -> list[Field]:
    if len(found) != len(declared):
        raise invalid_query(f"The query has {len(found)} columns, the column list {len(declared)}")
    return declared


def run_create_external(session: Session, statement: Statement) -> StatementOutcome:
    parsed = parse_external_table(statement)
    name = name_of(parsed.table, session.place)
    if _exists(session, name, replace=parsed.replace, skip=parsed.if_not_exists):
        return outcome_of_definition("CREATE_EXTERNAL_TABLE", name, "SKIP")
    if not session.dry:
        with session.changing(name):
            drop_storage(session, name)
            session.catalog.put_table(name, _external_resource(session, name, parsed))
    return outcome_of_definition("CREATE_EXTERNAL_TABLE", name, "CREATE")


def _external_resource(session: Session, name: TableName, parsed: ExternalTable) -> dict[str, Any]:
    partitions = [field_of_definition(column) for column in parsed.partitions]
    fields = [field_of_definition(column) for column in parsed.columns] + partitions
    config = _external_config(parsed.options, [field["name"] for field in partitions])
    more = {"externalDataConfiguration": config, **described(session, parsed.options)}
    resource = resource_of(name, "EXTERNAL", fields, session.now(), more)
    read_definition(resource)
    return resource


def _external_config(options: dict[str, Any], partitions: list[str]) -> dict[str, Any]:
    csv = {
        "fieldDelimiter": options.get("field_delimiter", ","),
        "quote": options.get("quote", '"'),
        "skipLeadingRows": options.get("skip_leading_rows", 0),
        "nullMarker": options.get("null_marker", ""),
    }
    hive = {
        "mode": "CUSTOM",
        "sourceUriPrefix": options.get("hive_partition_uri_prefix", ""),
        "requirePartitionFilter": options.get("require_hive_partition_filter", False),
    }
    return {
        "sourceFormat": str(options.get("format", "")).upper(),
        "sourceUris": options.get("uris", []),
        **_file_set(options),
        "ignoreUnknownValues": options.get("ignore_unknown_values", False),
        "maxBadRecords": options.get("max_bad_records", 0),
        "csvOptions": csv,
        "hivePartitioningOptions": hive,
        "partitionColumns": partitions,
    }


def _file_set(options: dict[str, Any]) -> dict[str, Any]:
    given = options.get("file_set_spec_type")
    return {} if given is None else {"fileSetSpecType": f"FILE_SET_SPEC_TYPE_{str(given).upper()}"}


def run_drop(session: Session, tree: exp.Drop) -> StatementOutcome:
    kind = str(tree.args["kind"]).upper()
    if kind not in ("TABLE", "VIEW"):
        raise unsupported(f"statement DROP {kind}")
    targets = tree.args.get("tables") or [tree.this]
    return _drop(session, name_of(targets[0], session.place), kind, bool(tree.args.get("exists")))


def run_drop_external(session: Session, statement: Statement) -> StatementOutcome:
    """DROP EXTERNAL TABLE, which sqlglot does not parse: read as DROP TABLE."""
    tree = parse_tokens([statement.tokens[0], *statement.tokens[2:]], statement.script)
    if not isinstance(tree, exp.Drop):
        raise unsupported(f"statement {statement.text}")
    name = name_of((tree.args.get("tables") or [tree.this])[0], session.place)
    found = session.catalog.table(name)
    if found is not None and found["type"] != "EXTERNAL":
        raise invalid_query(f"{name} is a {found['type'].lower()}, DROP EXTERNAL TABLE does not apply")
    return _drop(session, name, "EXTERNAL_TABLE", bool(tree.args.get("exists")))


def _drop(session: Session, name: TableName, kind: str, if_exists: bool) -> StatementOutcome:
    found = session.catalog.table(name)
    if found is None and not if_exists:
        raise not_found("Table", str(name))
    if found is not None and (found["type"] == "VIEW") != (kind == "VIEW"):
        raise invalid_query(f"{name} is a {found['type'].lower()}, DROP {kind} does not apply")
    if found is not None and not session.dry:
        with session.changing(name):
            drop_storage(session, name)
    return outcome_of_definition(f"DROP_{kind}", name, "DROP" if found else "SKIP")
