"""What an export left out, as it puts it into quarantine."""

from __future__ import annotations

import json
from collections.abc import Iterable

from tests.functions.fakes import FakeEdge


def left_out(edge: FakeEdge, documents: Iterable[int], bucket: str = "ripple-test-quarantine") -> str:
    """The URI of a quarantine object with a record of each document, by its number."""
    records = [{"flow": "sales", "object": "gs://b/x", "generation": 0, "line": number} for number in documents]
    data = "".join(json.dumps(record) + "\n" for record in records).encode()
    return edge.objects.put(bucket, "sales/dt=2026-01-01/exported-0.jsonl", data).ref.uri
