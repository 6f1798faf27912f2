"""Firestore's total order over values, as tuples that Python compares."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from laptop.firestore.messages import Pb

Key = tuple[Any, ...]
"""(rank of the type, what is compared within it); keys of equal values are equal."""

VECTOR_RANK = 9
NUMBER_RANK = 2
NULL_RANK = 0


def key_of(value: Pb) -> Key:
    """null < boolean < number (NaN first) < timestamp < string < bytes < reference < geo < array < vector < map."""
    return _KEYS[value.WhichOneof("value_type")](value)


def key_of_name(name: str) -> Key:
    """The key of a reference: by segment, so that a parent comes before its children."""
    return (6, tuple(name.split("/")))


def is_nan(key: Key) -> bool:
    return key == (NUMBER_RANK, 0, 0)


def _key_of_double(value: Pb) -> Key:
    number = value.double_value
    return (NUMBER_RANK, 0, 0) if math.isnan(number) else (NUMBER_RANK, 1, number)


def _key_of_map(value: Pb) -> Key:
    fields = value.map_value.fields
    if "__type__" in fields and fields["__type__"].string_value == "__vector__":
        parts = fields["value"].array_value.values
        return (VECTOR_RANK, len(parts), tuple(map(key_of, parts)))
    return (10, tuple((name, key_of(fields[name])) for name in sorted(fields)))


_KEYS: Mapping[str | None, Callable[[Pb], Key]] = {
    None: lambda _: (NULL_RANK,),
    "null_value": lambda _: (NULL_RANK,),
    "boolean_value": lambda v: (1, v.boolean_value),
    "integer_value": lambda v: (NUMBER_RANK, 1, v.integer_value),
    "double_value": _key_of_double,
    "timestamp_value": lambda v: (3, v.timestamp_value.seconds, v.timestamp_value.nanos // 1000),
    "string_value": lambda v: (4, v.string_value),
    "bytes_value": lambda v: (5, v.bytes_value),
    "reference_value": lambda v: key_of_name(v.reference_value),
    "geo_point_value": lambda v: (7, v.geo_point_value.latitude, v.geo_point_value.longitude),
    "array_value": lambda v: (8, tuple(map(key_of, v.array_value.values))),
    "map_value": _key_of_map,
}
