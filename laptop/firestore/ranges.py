"""What a query has looked at, and which changes touch that."""

from __future__ import annotations

from dataclasses import replace

from laptop.firestore.messages import Document, Pb
from laptop.firestore.plans import Bound, QueryPlan
from laptop.firestore.store import DocumentChange


class ChangedDocument:
    """A change whose images are parsed once, however many queries look at them."""

    __slots__ = ("_change", "_images")

    def __init__(self, change: DocumentChange) -> None:
        self._change = change
        self._images: tuple[Pb, ...] | None = None

    @property
    def collection(self) -> str:
        return self._change.key.collection

    @property
    def images(self) -> tuple[Pb, ...]:
        """The document before and after, as far as it was there."""
        if self._images is None:
            found = (data for data in (self._change.before, self._change.after) if data is not None)
            self._images = tuple(map(Document.FromString, found))
        return self._images


class QueryRange:
    """The part of the collections that a query looked at: all that matches, up to where its limit stopped it."""

    def __init__(self, plan: QueryPlan) -> None:
        self.plan = plan

    def is_touched_by(self, change: ChangedDocument) -> bool:
        """Whether either image of the document is inside."""
        return self.plan.scope.holds(change.collection) and any(map(self.plan.matches, change.images))

    def end_at(self, last: Pb) -> None:
        """The limit was reached with this document: the query never saw what comes after it."""
        self.plan = replace(self.plan, end=Bound(keys=self.plan.keys_of(last), before=False))
