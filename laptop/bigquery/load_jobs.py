"""Load jobs: newline-delimited JSON and Parquet from gs:// into a table with a declared schema."""

from __future__ import annotations

from typing import Any

from laptop.bigquery.errors import duplicate, unsupported
from laptop.bigquery.external.definition import read_definition
from laptop.bigquery.external.scan import plan_scan
from laptop.bigquery.running.outcome import StatementOutcome
from laptop.bigquery.running.partitions import within_partition_limits
from laptop.bigquery.running.session import Session
from laptop.bigquery.running.table_storage import append_rows, new_table
from laptop.bigquery.sql.references import TableName


def run_load(session: Session, target: TableName, load: dict[str, Any]) -> StatementOutcome:
    """WRITE_APPEND (the default), WRITE_TRUNCATE or WRITE_EMPTY. Raises ApiError for other formats."""
    if load.get("sourceFormat") not in ("NEWLINE_DELIMITED_JSON", "PARQUET"):
        raise unsupported(f"load jobs of format {load.get('sourceFormat', 'CSV')}")
    existing = session.catalog.table(target)
    fields = (load.get("schema") or (existing or {}).get("schema") or {}).get("fields") or []
    definition = read_definition({"externalDataConfiguration": {**load, "schema": {"fields": fields}}})
    scan = plan_scan(definition, session.cache, session.cursor, [], lambda _item: None)
    with session.changing(target), within_partition_limits(session, target):
        disposition = load.get("writeDisposition") or "WRITE_APPEND"
        if existing is None or disposition == "WRITE_TRUNCATE":
            new_table(session, target, fields, existing or {})
        elif disposition == "WRITE_EMPTY" and session.count(f"SELECT count(*) FROM {target.duck}"):
            raise duplicate("Table", str(target))
        rows = append_rows(session, target, fields, f"({scan.sql})")
    return StatementOutcome(kind="LOAD", affected=rows)
