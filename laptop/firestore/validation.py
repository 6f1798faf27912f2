"""Whether what an optimistic transaction read still holds: the commits since then, as long as somebody may ask."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from laptop.firestore.locking import Holder
from laptop.firestore.paths import DocumentKey
from laptop.firestore.ranges import ChangedDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class _Commit:
    time: int
    documents: frozenset[DocumentKey]
    changes: tuple[ChangedDocument, ...]


class CommitHistory:
    """Times in microseconds. Used by the writing thread alone."""

    def __init__(self) -> None:
        self._commits: list[_Commit] = []

    def remember(self, time: int, documents: Iterable[DocumentKey], changes: Iterable[ChangedDocument]) -> None:
        self._commits.append(_Commit(time=time, documents=frozenset(documents), changes=tuple(changes)))

    def has_touched(self, reader: Holder, since: int) -> bool:
        """Whether a commit later than `since` changed what the reader has read."""
        later = (commit for commit in self._commits if commit.time > since)
        return any(reader.has_read(commit.documents, commit.changes) for commit in later)

    def forget(self, until: int | None) -> None:
        """Nobody asks about commits up to `until`; None: about any."""
        self._commits = [] if until is None else [commit for commit in self._commits if commit.time > until]
