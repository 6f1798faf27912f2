"""Split a collection group into even stretches of names."""

from __future__ import annotations

from collections.abc import Sequence

from laptop.firestore.errors import refuse_argument
from laptop.firestore.field_paths import NAME
from laptop.firestore.messages import Cursor, Pb, Value
from laptop.firestore.plans import QueryPlan


def check_partitioned(plan: QueryPlan, count: int) -> None:
    """Raises INVALID_ARGUMENT unless the query is a whole collection group in the order of names."""
    plain = plan.predicate is None and plan.limit is None and plan.start is None and plan.end is None
    ascending = [order.path for order in plan.orders] == [NAME] and not plan.orders[0].descending
    if not (plain and ascending and plan.scope.descendants):
        raise refuse_argument(
            "PartitionQuery takes a collection group ordered by __name__, without filters and cursors"
        )
    if count < 1:
        raise refuse_argument("partition_count must be positive")


def split_names(names: Sequence[str], count: int) -> list[Pb]:
    """At most `count` cursors, each the first name of the next stretch; fewer when there are few documents."""
    places = sorted({len(names) * step // (count + 1) for step in range(1, count + 1)} - {0})
    return [Cursor(values=[Value(reference_value=names[place])], before=True) for place in places]
