"""The golden documents: of each collection and version one that has every field, and some as earlier releases wrote them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ripple.rows.tagged_json import read_tagged

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
