"""A StructuredQuery checked and compiled: which documents, in which order, between which bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from laptop.firestore import field_paths, paths
from laptop.firestore.errors import refuse_argument
from laptop.firestore.field_paths import NAME, FieldPath
from laptop.firestore.filters import Predicate, compile_filter, inequality_fields, needles
from laptop.firestore.messages import Pb, StructuredQuery
from laptop.firestore.ordering import Key, key_of, key_of_name


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryScope:
    """The collections a query reads: one, or all of an id (of any id when empty) below `parent`."""

    parent: str
    collection_id: str
    descendants: bool

    def holds(self, collection: str) -> bool:
        """Whether the collection of this full path is read."""
        if not self.descendants:
            return collection == f"{self.parent}/{self.collection_id}"
        inside = collection.startswith(self.parent + "/")
        return inside and (not self.collection_id or collection.rpartition("/")[2] == self.collection_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One field to order by; a `required` field that a document lacks keeps the document out."""

    path: FieldPath
    descending: bool
    required: bool

    def key_of(self, document: Pb) -> Key:
        if self.path == NAME:
            return key_of_name(document.name)
        value = field_paths.read(document.fields, self.path)
        return (-1,) if value is None else key_of(value)

    def is_met(self, document: Pb) -> bool:
        return self.path == NAME or field_paths.read(document.fields, self.path) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A cursor: keys of the first orders, and whether it stands before or after documents equal to them."""

    keys: tuple[Key, ...]
    before: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryPlan:
    """A query ready to run. `limit` None is no limit; `select` None is whole documents."""

    scope: QueryScope
    predicate: Predicate | None
    needles: tuple[bytes, ...]
    orders: tuple[Order, ...]
    start: Bound | None
    end: Bound | None
    offset: int
    limit: int | None
    select: tuple[FieldPath, ...] | None
    nearest: Pb | None

    @property
    def ordered_by_name(self) -> bool:
        return self.orders[0].path == NAME

    @property
    def gives_whole_documents(self) -> bool:
        """Whether an answer shows by itself where in the order it is."""
        return self.select is None and self.nearest is None

    def keys_of(self, document: Pb) -> tuple[Key, ...]:
        return tuple(order.key_of(document) for order in self.orders)

    def matches(self, document: Pb) -> bool:
        """Filters, fields to order by and cursors; scope and limit aside."""
        if self.predicate is not None and not self.predicate(document):
            return False
        if not all(order.is_met(document) for order in self.orders if order.required):
            return False
        return (self.start is None and self.end is None) or self.is_between(self.keys_of(document))

    def is_between(self, keys: Sequence[Key]) -> bool:
        """Whether a document of these order keys is between the cursors."""
        if self.start and not _stands_after(self.start, keys, self.orders):
            return False
        return not (self.end and _stands_after(self.end, keys, self.orders))


def compile_query(parent: str, query: Pb) -> QueryPlan:
    """Raises INVALID_ARGUMENT for what the cloud refuses."""
    orders = _orders(query)
    filtered = query.HasField("where")
    if query.offset < 0 or (query.HasField("limit") and query.limit.value < 0):
        raise refuse_argument("limit and offset are not negative")
    return QueryPlan(
        scope=_scope(paths.check_parent(parent), query),
        predicate=compile_filter(query.where) if filtered else None,
        needles=needles(query.where) if filtered else (),
        orders=orders,
        start=_bound(query.start_at, orders) if query.HasField("start_at") else None,
        end=_bound(query.end_at, orders) if query.HasField("end_at") else None,
        offset=query.offset,
        limit=query.limit.value if query.HasField("limit") else None,
        select=_select(query),
        nearest=query.find_nearest if query.HasField("find_nearest") else None,
    )


def _scope(parent: str, query: Pb) -> QueryScope:
    selectors = query.from_
    if len(selectors) != 1:
        raise refuse_argument("a query reads from exactly one collection selector")
    selector = selectors[0]
    if not selector.collection_id and not selector.all_descendants:
        raise refuse_argument("a query of one collection names it")
    return QueryScope(parent=parent, collection_id=selector.collection_id, descendants=selector.all_descendants)


def _orders(query: Pb) -> tuple[Order, ...]:
    """What was asked for, then fields of inequalities, then the name: results always have one total order."""
    named = [(field_paths.parse(o.field.field_path), o.direction == StructuredQuery.DESCENDING) for o in query.order_by]
    orders = [Order(path=path, descending=down, required=True) for path, down in named]
    down = named[-1][1] if named else False
    known = {path for path, _ in named}
    implied = inequality_fields(query.where) - known - {NAME} if query.HasField("where") else set()
    orders += [Order(path=path, descending=down, required=False) for path in sorted(implied)]
    if NAME not in known:
        orders.append(Order(path=NAME, descending=down, required=False))
    return tuple(orders)


def _bound(cursor: Pb, orders: Sequence[Order]) -> Bound:
    if len(cursor.values) > len(orders):
        raise refuse_argument("a cursor has more values than the query orders by")
    return Bound(keys=tuple(map(key_of, cursor.values)), before=cursor.before)


def _select(query: Pb) -> tuple[FieldPath, ...] | None:
    if not query.HasField("select"):
        return None
    wanted = (field_paths.parse(field.field_path) for field in query.select.fields)
    return tuple(path for path in wanted if path != NAME)


def _stands_after(bound: Bound, keys: Sequence[Key], orders: Sequence[Order]) -> bool:
    """Whether the document comes after the cursor's place."""
    for wanted, key, order in zip(bound.keys, keys, orders, strict=False):
        if key != wanted:
            return bool((key > wanted) != order.descending)
    return bound.before
