"""`list.*`, `map.*` and `keys`."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from laptop.workflows.errors import tagged
from laptop.workflows.operators import type_name

Map = dict[str, Any]


def concat(objs: Any, val: Any) -> list[Any]:
    return [*_list("list.concat", objs), val]


def prepend(objs: Any, val: Any) -> list[Any]:
    return [val, *_list("list.prepend", objs)]


def keys(map: Any) -> list[str]:
    return list(_map("keys", map))


def get(map: Any, keys: Any) -> Any:
    """The value at a key, or along a list of keys; null where any of them is missing or anything is no map."""
    value: Any = map
    for key in keys if isinstance(keys, list) else [keys]:
        if not isinstance(key, str):
            raise tagged("TypeError", f"map.get needs string keys, got {type_name(key)}")
        value = value.get(key) if isinstance(value, dict) else None
    return value


def delete(map: Any, key: Any) -> Map:
    """A copy of the map without the key; the same map if it has no such key."""
    if not isinstance(key, str):
        raise tagged("TypeError", f"map.delete needs a string key, got {type_name(key)}")
    return {name: value for name, value in _map("map.delete", map).items() if name != key}


def merge(first: Any, second: Any) -> Map:
    return {**_map("map.merge", first), **_map("map.merge", second)}


def merge_nested(first: Any, second: Any) -> Map:
    merged = deepcopy(_map("map.merge_nested", first))
    for key, value in _map("map.merge_nested", second).items():
        nested = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge_nested(merged[key], value) if nested else deepcopy(value)
    return merged


def _list(function: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise tagged("TypeError", f"{function} needs a list, got {type_name(value)}")
    return value


def _map(function: str, value: Any) -> Map:
    if not isinstance(value, dict):
        raise tagged("TypeError", f"{function} needs a map, got {type_name(value)}")
    return value


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "keys": keys,
    "list.concat": concat,
    "list.prepend": prepend,
    "map.get": get,
    "map.delete": delete,
    "map.merge": merge,
    "map.merge_nested": merge_nested,
}
