"""Read what the lander kept."""

from __future__ import annotations

import io
from typing import Any

import pyarrow.parquet as pq

from tests.functions.fakes import FakeEdge


def read_checked(edge: FakeEdge, uri: str | None) -> list[dict[str, Any]]:
    """The rows of a checked object, in order."""
    assert uri is not None
    bucket, name = uri.removeprefix("gs://").split("/", 1)
    rows: list[dict[str, Any]] = pq.read_table(io.BytesIO(edge.objects.live[bucket, name][1])).to_pylist()
    return rows
