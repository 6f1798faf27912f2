"""The golden documents: of each collection and version one that has every field, and some as earlier releases wrote them."""

from __future__ import annotations

import dataclasses
import functools
import json
from pathlib import Path
from typing import Any

from ripple.state.catalogue import STATE
from ripple.state.records import Record, is_required
from tests.ripple.rows.tagged_reader import read_tagged

DOCUMENTS = Path(__file__).parent / "documents"


def read_whole() -> dict[str, dict[str, Any]]:
    """By `{name of its schema}.v{version}`."""
    return {path.stem: read_tagged(path.read_text()) for path in sorted(DOCUMENTS.glob("*.json"))}


def read_earlier() -> dict[str, tuple[str, dict[str, Any]]]:
    """`(name of its schema, document)` by file."""
    found = {}
    for path in sorted((DOCUMENTS / "older").glob("*.json")):
        held = json.loads(path.read_text())
        found[path.stem] = (held["collection"], read_tagged(json.dumps(held["document"])))
    return found


@functools.cache
def _golden(name: str) -> Record:
    kept = STATE[name]
    record: Record = kept.read(name, read_whole()[f"{name}.v{kept.version}"])
    return record


def a_record(name: str, **changes: Any) -> Any:
    """The record of a collection's golden document, but for `changes`."""
    return dataclasses.replace(_golden(name), **changes)


def a_bare_record(name: str, **changes: Any) -> Any:
    """Such a record with only what every record has, and `changes`."""
    golden = _golden(name)
    required = {one.name: getattr(golden, one.name) for one in dataclasses.fields(golden) if is_required(one)}
    return type(golden)(**required | changes)


def hold(documents: Any, name: str, id: str | int, **changes: Any) -> None:
    """Such a record among a recording store's documents."""
    kept = STATE[name]
    documents.held[kept.path(id)] = kept.write(a_record(name, **changes))
