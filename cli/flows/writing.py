"""A document as the text of a flow file: what is short stands in one line, and remarks are comments. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ripple.flows.strict_yaml import read_yaml

WIDTH = 116
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./ -]*")


@dataclass(frozen=True, slots=True)
class Remarked:
    """A value with a comment above it, or behind it where it stands in one line."""

    value: Any
    remark: str


def write_yaml(document: Mapping[str, Any], head: str = "") -> str:
    """Text that `read_yaml` reads as the document."""
    comments = "".join(f"# {line}\n" if line else "#\n" for line in head.splitlines())
    return comments + ("\n".join(_lines(document, "")) or "{}") + "\n"


def _lines(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, held in value.items():
            yield from _entry(f"{indent}{_scalar(name)}:", held, f"{indent}  ")
        return
    for held in value:
        plain, remark = _split(held)
        if _is_short(plain, indent) or not isinstance(plain, Mapping):
            yield from _entry(f"{indent}-", held, f"{indent}  ")
            continue
        if remark:
            yield f"{indent}# {remark}"
        first, *rest = _lines(plain, f"{indent}  ")
        yield f"{indent}- {first.strip()}"
        yield from rest


def _entry(head: str, held: Any, indent: str) -> Iterator[str]:
    value, remark = _split(held)
    if _is_short(value, head):
        yield f"{head} {_flow(value)}" + (f"  # {remark}" if remark else "")
        return
    if remark:
        yield f"{indent[:-2]}# {remark}"
    yield head
    yield from _lines(value, indent)


def _split(held: Any) -> tuple[Any, str]:
    return (held.value, held.remark) if isinstance(held, Remarked) else (held, "")


def _is_short(value: Any, head: str) -> bool:
    """Whether it stands in one line: a scalar, an empty or a small collection without remarks."""
    if not isinstance(value, Mapping | list | tuple) or not value:
        return True
    inner = value.values() if isinstance(value, Mapping) else value
    if any(isinstance(item, Remarked) for item in inner):
        return False
    is_flat = not any(isinstance(item, Mapping) and len(item) > 3 for item in inner)
    return is_flat and not _is_wordy(value) and len(head) + len(_flow(value)) < WIDTH


def _is_wordy(value: Any) -> bool:
    """A field, or a list of such, is read line by line."""
    if isinstance(value, Mapping):
        return "logicalType" in value and len(value) > 1
    return any(
        isinstance(item, Mapping) and ({"property", "logicalType", "engine", "schema"} & set(item)) for item in value
    )


def _flow(value: Any) -> str:
    value, _ = _split(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(name)}: {_flow(held)}" for name, held in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    """As little quoting as reads back as the same value."""
    if not isinstance(value, str):
        return json.dumps(value)
    if _PLAIN.fullmatch(value) and not value.endswith(" ") and read_yaml(value) == value:
        return value
    if "'" not in value and value.isprintable():
        return f"'{value}'"
    return '"' + "".join(map(_escape, value)) + '"'


def _escape(sign: str) -> str:
    """JSON's pair of escapes for a sign past U+FFFF is none in YAML."""
    if sign.isprintable():
        return json.dumps(sign, ensure_ascii=False)[1:-1]
    return f"\\U{ord(sign):08x}"
