"""Run a plan over the store: in key order with an early stop where the query allows it, else by sorting."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from laptop.firestore import field_paths
from laptop.firestore.messages import Document, Pb
from laptop.firestore.nearest import rank_nearest
from laptop.firestore.ordering import Key, key_of_name
from laptop.firestore.plans import Bound, QueryPlan
from laptop.firestore.store import DocumentDatabase, IdRange


class Row:
    """A stored document, parsed only when somebody looks inside."""

    __slots__ = ("_document", "data", "name")

    def __init__(self, name: str, data: bytes) -> None:
        self.name, self.data = name, data
        self._document: Pb | None = None

    @property
    def document(self) -> Pb:
        if self._document is None:
            self._document = Document.FromString(self.data)
        return self._document


def run_plan(plan: QueryPlan, store: DocumentDatabase, time: int) -> Iterator[bytes]:
    """The serialized documents of the answer, as of `time` (microseconds), offset and limit applied."""
    rows = find_rows(plan, store, time)
    if plan.nearest is not None:
        return _projected(rank_nearest(plan.nearest, (row.document for row in rows)), plan)
    if plan.select is not None:
        return _projected((row.document for row in rows), plan)
    return (row.data for row in rows)


def find_rows(plan: QueryPlan, store: DocumentDatabase, time: int) -> Iterator[Row]:
    """The rows of the answer in order."""
    rows: Iterator[Row] = filter(_acceptance(plan), _candidates(plan, store, time))
    if not plan.ordered_by_name:
        rows = _sorted(rows, plan)
    return islice(rows, plan.offset, None if plan.limit is None else plan.offset + plan.limit)


def _projected(documents: Iterable[Pb], plan: QueryPlan) -> Iterator[bytes]:
    for document in documents:
        shown = document if plan.select is None else field_paths.project(document, plan.select)
        yield shown.SerializeToString()


def _acceptance(plan: QueryPlan) -> Callable[[Row], bool]:
    """The cheapest test that decides: bytes first, the parsed document last."""
    simple = plan.predicate is None and plan.ordered_by_name
    if simple and plan.start is None and plan.end is None:
        return lambda _: True
    if simple:
        return lambda row: plan.is_between((key_of_name(row.name),))

    def accept(row: Row) -> bool:
        return all(needle in row.data for needle in plan.needles) and plan.matches(row.document)

    return accept


def _candidates(plan: QueryPlan, store: DocumentDatabase, time: int) -> Iterator[Row]:
    """All rows of the scope; in the order of names if the plan is ordered by name."""
    descending = plan.orders[-1].descending
    chosen = [path for path in store.collections() if plan.scope.holds(path)]
    chosen.sort(key=key_of_name, reverse=descending)
    scans = [_scan_collection(path, plan, store, time) for path in chosen]
    if not plan.ordered_by_name or not _are_nested(chosen):
        return (row for scan in scans for row in scan)
    return heapq.merge(*scans, key=lambda row: key_of_name(row.name), reverse=descending)


def _scan_collection(path: str, plan: QueryPlan, store: DocumentDatabase, time: int) -> Iterator[Row]:
    prefix = path + "/"
    for identifier, data in store.scan(path, _id_range(path, plan), time):
        yield Row(prefix + identifier, data)


def _id_range(path: str, plan: QueryPlan) -> IdRange:
    """Where the cursors let the scan of this collection start and stop."""
    if not plan.ordered_by_name:
        return IdRange()
    descending = plan.orders[0].descending
    start, end = _id_in(path, plan.start), _id_in(path, plan.end)
    low, high = (end, start) if descending else (start, end)
    return IdRange(low=low or "", high=high, descending=descending)


def _id_in(path: str, bound: Bound | None) -> str | None:
    """The document id of a cursor that points into this collection."""
    if bound is None or not bound.keys:
        return None
    rank, segments = bound.keys[0][0], bound.keys[0][-1]
    inside = rank == key_of_name(path)[0] and segments[:-1] == tuple(path.split("/"))
    return str(segments[-1]) if inside else None


def _are_nested(collections: list[str]) -> bool:
    """Whether some collection is below a document of another one: then their rows interleave."""
    known = set(collections)
    return any(_is_below(path, known) for path in collections)


def _is_below(path: str, known: set[str]) -> bool:
    parts = path.split("/")
    return any("/".join(parts[:end]) in known for end in range(len(parts) - 2, 0, -2))


def _sorted(rows: Iterable[Row], plan: QueryPlan) -> Iterator[Row]:
    """Sorted on keys alone: holding every parsed document of a large answer costs ten times its bytes."""
    keyed: list[tuple[tuple[Key, ...], Row]] = []
    for row in rows:
        keyed.append((plan.keys_of(row.document), Row(row.name, row.data)))
    for place in reversed(range(len(plan.orders))):
        keyed.sort(key=_key_at(place), reverse=plan.orders[place].descending)
    return (row for _, row in keyed)


def _key_at(place: int) -> Callable[[tuple[tuple[Key, ...], Row]], Any]:
    return lambda entry: entry[0][place]
