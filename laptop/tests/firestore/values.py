"""Firestore's values, documents and queries from YAML: what YAML lacks is written as a tag, `{$bytes: 00ff}`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from google.cloud.firestore_v1 import GeoPoint
from google.cloud.firestore_v1._helpers import encode_value
from google.cloud.firestore_v1.vector import Vector
from google.protobuf.json_format import ParseDict

from laptop.firestore.messages import Document, Pb, StructuredQuery, Value

ROOT = "projects/p/databases/d/documents"
_TAGS: Mapping[str, Any] = {
    "$bytes": bytes.fromhex,
    "$geo": lambda pair: GeoPoint(*pair),
    "$time": lambda text: dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC),
    "$vector": Vector,
}


def load_cases(name: str) -> Any:
    return yaml.safe_load(Path(__file__).with_name(f"{name}_cases.yaml").read_text())


def make_value(plain: Any) -> Pb:
    if isinstance(plain, dict) and set(plain) == {"$ref"}:
        return Value(reference_value=f"{ROOT}/{plain['$ref']}")
    value = Value()
    value.CopyFrom(Value.FromString(type(encoded := encode_value(_untag(plain))).serialize(encoded)))
    return value


def make_document(fields: Mapping[str, Any], name: str = "d/x") -> Pb:
    return Document(name=f"{ROOT}/{name}", fields={key: make_value(value) for key, value in fields.items()})


def make_filter(condition: Any) -> Pb:
    """`[field, OP, value]`, `[field, IS_NULL]`, or `{AND: [...]}` and `{OR: [...]}`; anything else as protobuf's JSON."""
    if isinstance(condition, dict) and len(condition) == 1 and next(iter(condition)) in {"AND", "OR"}:
        ((op, parts),) = condition.items()
        return StructuredQuery.Filter(composite_filter={"op": op, "filters": list(map(make_filter, parts))})
    if isinstance(condition, dict):
        return ParseDict(condition, StructuredQuery.Filter())
    path, op, *operand = condition
    if not operand:
        return StructuredQuery.Filter(unary_filter={"field": {"field_path": path}, "op": op})
    found = StructuredQuery.Filter(field_filter={"field": {"field_path": path}, "op": op})
    found.field_filter.value.CopyFrom(make_value(operand[0]))
    return found


def make_query(plain: Mapping[str, Any]) -> Pb:
    """As protobuf's JSON, but `where` is short, and cursors are lists of values."""
    rest = {key: value for key, value in plain.items() if key not in {"where", "startAt", "endAt"}}
    query = ParseDict({"from": [{"collectionId": "d"}], **rest}, StructuredQuery())
    if "where" in plain:
        query.where.CopyFrom(make_filter(plain["where"]))
    for key, cursor in (("startAt", query.start_at), ("endAt", query.end_at)):
        if key in plain:
            cursor.values.extend(map(make_value, plain[key]["values"]))
            cursor.before = plain[key].get("before", False)
    return query


def _untag(plain: Any) -> Any:
    if isinstance(plain, dict):
        ((tag, value),) = plain.items() if len(plain) == 1 else (("", None),)
        return _TAGS[tag](value) if tag in _TAGS else {key: _untag(part) for key, part in plain.items()}
    return [_untag(part) for part in plain] if isinstance(plain, list) else plain
