"""Resource names: `projects/P/databases/D/documents/sales/o1` and its parts."""

from __future__ import annotations

import re
from typing import NamedTuple

from laptop.firestore.errors import refuse_argument

_ROOT = re.compile(r"projects/[^/]+/databases/[^/]+/documents")
_DATABASE = re.compile(r"projects/[^/]+/databases/[^/]+")
_RESERVED = re.compile(r"__(?!id-?\d+__$).*__")
_MAX_ID_BYTES = 1500


class DocumentKey(NamedTuple):
    """Where a document is: the full path of its collection, and its id in there."""

    collection: str
    id: str

    @property
    def name(self) -> str:
        return f"{self.collection}/{self.id}"


def parse_document(name: str) -> DocumentKey:
    """Raises INVALID_ARGUMENT for what is no document name."""
    steps = _steps_below_root(name)
    if not steps or len(steps) % 2 or not all(steps):
        raise refuse_argument(f"{name!r} is not the name of a document")
    check_id(steps[-1])
    collection, _, identifier = name.rpartition("/")
    return DocumentKey(collection, identifier)


def check_parent(parent: str) -> str:
    """A document or the root of a database: what collections hang under."""
    if len(_steps_below_root(parent)) % 2:
        raise refuse_argument(f"{parent!r} is neither a document nor the root of a database")
    return parent


def check_database(name: str) -> str:
    """`projects/P/databases/D`."""
    if not _DATABASE.fullmatch(name):
        raise refuse_argument(f"{name!r} is not the name of a database")
    return name


def database_of(name: str) -> str:
    """The database that a document or a parent of collections is in."""
    found = _DATABASE.match(name)
    return found[0] if found else ""


def check_id(identifier: str) -> None:
    """The rules for document and collection ids."""
    if identifier in {"", ".", ".."} or "/" in identifier or _RESERVED.fullmatch(identifier):
        raise refuse_argument(f"{identifier!r} is not a legal id")
    if len(identifier.encode()) > _MAX_ID_BYTES:
        raise refuse_argument(f"an id is longer than {_MAX_ID_BYTES} bytes")


def _steps_below_root(name: str) -> list[str]:
    root = _ROOT.match(name)
    rest = name[root.end() :] if root else "?"
    if rest and not rest.startswith("/"):
        raise refuse_argument(f"{name!r} is not below projects/P/databases/D/documents")
    return rest[1:].split("/") if rest else []
