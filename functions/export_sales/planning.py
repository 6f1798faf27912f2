"""Plan a large export: measure the documents in stretches, and merge those into slices. Nothing of them is read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import TypeVar

from functions.export_sales.manifests import BatchManifest
from ripple.errors import RetryableError
from ripple.ports import BatchRange, ChangeRange, SalesDocuments

MOST_SLICES = 1000
"""A plan is one document, and whoever finishes reads a record of every slice: larger exports have larger slices."""
_FINER = 4
"""Stretches asked for of a slice's size: merged, they make slices that are nearly full."""
Bound = TypeVar("Bound", str, dt.datetime)


def rows_per_slice(total: int, wanted: int) -> int:
    """How many documents a slice holds at most."""
    return max(wanted, -(-total // MOST_SLICES))


def measure_batch(manifest: BatchManifest, most: int, sales: SalesDocuments) -> Iterator[tuple[str, int]]:
    """Where each stretch of the batch begins, and its documents, at most `most`. RetryableError unless all are there.

    PartitionQuery parts the whole collection, whatever the batch; what it cuts too coarsely is cut by counting on.
    """
    keys = sales.partition_keys(manifest.collection, _FINER * -(-manifest.count // most))
    found = 0
    for key_from, key_to in pairwise(["", *keys, ""]):
        part = BatchRange(collection=manifest.collection, batch_id=manifest.batch_id, key_from=key_from, key_to=key_to)
        rows = sales.count(part)
        found += rows
        yield from _cut(part, rows, most, sales)
    if found != manifest.count:
        raise RetryableError(f"found {found} of {manifest.count} documents of {manifest.batch_id}")


def _cut(part: BatchRange, rows: int, most: int, sales: SalesDocuments) -> Iterator[tuple[str, int]]:
    """Where ids grow with time, a batch is in few stretches of its collection."""
    while rows > most:
        key = sales.key_after(part, most)
        if not key:
            raise RetryableError(f"documents of {part.batch_id} went away while they were counted")
        yield part.key_from, most
        part, rows = replace(part, key_from=key), rows - most
    yield part.key_from, rows


def measure_changes(
    part: ChangeRange, rows: int, most: int, sales: SalesDocuments
) -> Iterator[tuple[dt.datetime, int]]:
    """Where each stretch of the window begins, and its documents: halved until it has at most `most`, or is a microsecond."""
    middle = part.changed_from + (part.changed_to - part.changed_from) / 2
    if rows <= most or middle == part.changed_from:
        yield part.changed_from, rows
        return
    earlier = replace(part, changed_to=middle)
    count = min(sales.count(earlier), rows)
    yield from measure_changes(earlier, count, most, sales)
    yield from measure_changes(replace(part, changed_from=middle), rows - count, most, sales)


def merge(stretches: Iterable[tuple[Bound, int]], most: int) -> list[tuple[Bound, int]]:
    """Neighbours joined as long as they have at most `most` documents. Pure."""
    merged: list[tuple[Bound, int]] = []
    for begin, rows in stretches:
        first, before = merged[-1] if merged else (begin, 0)
        if merged and (not before or not rows or before + rows <= most):
            merged[-1] = (first, before + rows)
        else:
            merged.append((begin, rows))
    return merged
