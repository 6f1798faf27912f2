"""PARTITION BY, CLUSTER BY and OPTIONS of a definition, as the REST resource has them."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from laptop.bigquery.errors import invalid_query, unsupported
from laptop.bigquery.running.session import Session
from laptop.bigquery.sql.options import EXPIRATION, options_of

_NAMES = {"description": "description", "friendly_name": "friendlyName"}


def metadata_of(session: Session, tree: exp.Create) -> dict[str, Any]:
    """Raises ApiError for an option that is not served."""
    properties = tree.args.get("properties")
    options = options_of(properties)
    unknown = sorted(set(options) - {*_NAMES, "labels", EXPIRATION})
    if unknown:
        raise unsupported(f"table option {', '.join(unknown)}")
    more = described(session, options)
    for item in properties.expressions if properties else []:
        if isinstance(item, exp.PartitionedByProperty):
            more.update(_partitioning(item.this))
        elif isinstance(item, exp.Cluster | exp.ClusterProperty):
            more["clustering"] = {"fields": [column.name for column in item.expressions]}
    return more


def _partitioning(by: exp.Expr) -> dict[str, Any]:
    columns = [column.name for column in by.find_all(exp.Column)] or [by.name]
    unit = "DAY"
    if isinstance(by, exp.Anonymous) and by.name.upper().endswith("_TRUNC"):
        columns, unit = columns[:1], by.expressions[1].name.upper()
    if isinstance(by, exp.Anonymous) and by.name.upper() == "RANGE_BUCKET":
        return {"rangePartitioning": {"field": columns[0]}}
    return {"timePartitioning": {"type": unit, "field": columns[0]}}


def described(session: Session, options: dict[str, Any]) -> dict[str, Any]:
    """The names, the labels and the time of expiry (milliseconds since the epoch, as text)."""
    more = {_NAMES[key]: value for key, value in options.items() if key in _NAMES}
    if options.get("labels"):
        more["labels"] = dict(options["labels"])
    if options.get(EXPIRATION) is not None:
        more["expirationTime"] = _milliseconds(session, options[EXPIRATION])
    return {key: value for key, value in more.items() if value is not None}


def _milliseconds(session: Session, moment: exp.Expr) -> str:
    """The value of an expression: `expiration_timestamp` is the one option that need not be a constant."""
    sql = session.translate(exp.select(exp.alias_(moment.copy(), "moment")))
    [(_, kind)] = session.describe(sql)
    if kind != "TIMESTAMP WITH TIME ZONE":
        raise invalid_query(f"{EXPIRATION} must be a TIMESTAMP: {moment.sql('bigquery')}")
    return str(session.count(f"SELECT epoch_ms(moment) FROM ({sql})"))
