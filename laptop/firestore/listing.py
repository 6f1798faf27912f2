"""ListDocuments and ListCollectionIds over the store."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from itertools import groupby, islice

from laptop.firestore.messages import Document, Pb
from laptop.firestore.paths import check_id, check_parent
from laptop.firestore.store import DocumentDatabase, IdRange

_PAGE = 300
_MAX_PAGE = 1000


def list_page(store: DocumentDatabase, request: Pb, time: int) -> tuple[list[bytes], str]:
    """One page of serialized documents and the token of the next: the last id shown.

    With `show_missing` also documents that do not exist but have something below them, as bare names.
    """
    check_id(request.collection_id)
    collection = f"{check_parent(request.parent)}/{request.collection_id}"
    size = min(request.page_size or _PAGE, _MAX_PAGE)
    rows = store.scan(collection, IdRange(low=request.page_token), time)
    missing = _missing(store, collection, time) if request.show_missing else iter(())
    merged = (next(group) for _, group in groupby(merge(rows, missing, key=lambda row: row[0]), lambda row: row[0]))
    fresh = (row for row in merged if not request.page_token or row[0] > request.page_token)
    page = list(islice(fresh, size + 1))
    return [data for _, data in page[:size]], page[size - 1][0] if len(page) > size else ""


def list_collection_ids(store: DocumentDatabase, parent: str, time: int) -> list[str]:
    """Ids of the collections right below `parent` that hold documents, or have some below them."""
    prefix = check_parent(parent) + "/"
    paths = [path for path in store.collections() if path.startswith(prefix)]
    return sorted({path[len(prefix) :].split("/")[0] for path in paths if _is_filled(store, path, time)})


def _missing(store: DocumentDatabase, collection: str, time: int) -> Iterator[tuple[str, bytes]]:
    """Every document that has collections below it; those that exist are dropped when merged behind the real one."""
    prefix = collection + "/"
    below = [path for path in store.collections() if path.startswith(prefix)]
    for identifier in sorted({path[len(prefix) :].split("/")[0] for path in below if _is_filled(store, path, time)}):
        yield identifier, Document(name=prefix + identifier).SerializeToString()


def _is_filled(store: DocumentDatabase, collection: str, time: int) -> bool:
    return next(store.scan(collection, IdRange(), time), None) is not None
