"""EXPORT DATA: a query's rows as Parquet in the object store."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from laptop.bigquery.errors import invalid_query, unsupported
from laptop.bigquery.external.objects import ObjectReader
from laptop.bigquery.running.outcome import StatementOutcome
from laptop.bigquery.running.queries import result_fields, with_canonical_types
from laptop.bigquery.running.session import Session
from laptop.bigquery.sql.dialect import parse_tokens
from laptop.bigquery.sql.options import parse_options, take_parenthesised
from laptop.bigquery.sql.script import Statement

_COMPRESSIONS = {"": "snappy", "SNAPPY": "snappy", "GZIP": "gzip", "ZSTD": "zstd", "NONE": "none"}


def run_export(session: Session, statement: Statement) -> StatementOutcome:
    tokens = statement.tokens
    words = [token.text.upper() for token in tokens[:3]]
    if words != ["EXPORT", "DATA", "OPTIONS"]:
        raise invalid_query("Syntax error: EXPORT DATA OPTIONS(...) AS query")
    inside, end = take_parenthesised(tokens, 3)
    if tokens[end].text.upper() != "AS":
        raise invalid_query("Syntax error: expected AS")
    options = _checked(parse_options(inside, statement.script))
    sql = session.translate_query(parse_tokens(tokens[end + 1 :], statement.script))
    fields = result_fields(session, sql)
    if session.dry:
        return StatementOutcome(kind="EXPORT_DATA")
    table = session.fetch(with_canonical_types(sql, fields))
    _write(session.cache.store, options, table)
    return StatementOutcome(
        kind="EXPORT_DATA", statistics={"exportDataStatistics": {"fileCount": "1", "rowCount": str(len(table))}}
    )


def _checked(options: dict[str, Any]) -> dict[str, Any]:
    known = {"uri", "format", "overwrite", "compression"}
    if set(options) - known:
        raise unsupported(f"EXPORT DATA option {', '.join(sorted(set(options) - known))}")
    if str(options.get("format", "")).upper() != "PARQUET":
        raise unsupported(f"EXPORT DATA format {options.get('format', 'CSV')}")
    uri = str(options.get("uri", ""))
    if not uri.startswith("gs://") or uri.count("*") != 1:
        raise invalid_query(f"Option 'uri' value must be a wild card URI: {uri}")
    if str(options.get("compression", "")).upper() not in _COMPRESSIONS:
        raise unsupported(f"EXPORT DATA compression {options['compression']}")
    return options


def _write(store: ObjectReader, options: dict[str, Any], table: pa.Table) -> None:
    bucket, _, pattern = str(options["uri"]).removeprefix("gs://").partition("/")
    before, after = pattern.split("*")
    found = [item for item in store.list_objects(bucket, before) if item.name.endswith(after)]
    if found and not options.get("overwrite"):
        raise invalid_query(f"Invalid value: Destination URI {options['uri']} is not empty; use overwrite=true")
    name = f"{before}000000000000{after}"
    store.write(bucket, name, _parquet_bytes(table, _COMPRESSIONS[str(options.get("compression", "")).upper()]))
    for item in found:
        if item.name != name:
            store.delete(item)


def _parquet_bytes(table: pa.Table, compression: str) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression=compression, coerce_timestamps="us")
    return buffer.getvalue()
