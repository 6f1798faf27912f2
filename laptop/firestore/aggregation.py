"""count, sum and average over the rows of a query."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from laptop.firestore import field_paths
from laptop.firestore.errors import refuse_argument
from laptop.firestore.field_paths import FieldPath
from laptop.firestore.messages import Pb, Value
from laptop.firestore.scanning import Row

_LEAST, _MOST = -(2**63), 2**63 - 1


class Total:
    """One aggregation under way."""

    def __init__(self, wanted: Pb) -> None:
        self._kind: str = wanted.WhichOneof("operator") or ""
        if not self._kind:
            raise refuse_argument("an aggregation has no operator")
        self._up_to: int | None = wanted.count.up_to.value or None
        self._path: FieldPath = () if self._kind == "count" else _path_of(getattr(wanted, self._kind))
        self._numbers: list[int | float] = []
        self._count = 0

    def add(self, row: Row) -> None:
        self._count += 1
        if self._path:
            self._numbers.extend(_number_at(row.document, self._path))

    def result(self) -> Pb:
        """The sum of integers stays one while it fits 64 bits; the average of nothing is null."""
        if self._kind == "count":
            return Value(integer_value=self._count if self._up_to is None else min(self._count, self._up_to))
        if self._kind == "avg":
            return _average(self._numbers)
        return _sum(self._numbers)


def aggregate(wanted: Sequence[Pb], rows: Iterable[Row]) -> dict[str, Pb]:
    """Alias to value; aliases that were not given are `field_1`, `field_2`, ..."""
    totals = {one.alias or f"field_{place}": Total(one) for place, one in enumerate(wanted, 1)}
    if not wanted or len(totals) != len(wanted):
        raise refuse_argument("aggregations are missing, or two have one alias")
    for row in rows:
        for total in totals.values():
            total.add(row)
    return {alias: total.result() for alias, total in totals.items()}


def _path_of(operator: Pb) -> FieldPath:
    return field_paths.parse(operator.field.field_path)


def _number_at(document: Pb, path: FieldPath) -> list[int | float]:
    value = field_paths.read(document.fields, path)
    kind = None if value is None else value.WhichOneof("value_type")
    return [getattr(value, kind)] if kind in {"integer_value", "double_value"} else []


def _sum(numbers: Sequence[int | float]) -> Pb:
    whole = all(isinstance(number, int) for number in numbers)
    total = sum(numbers) if whole else _add(numbers)
    fits = isinstance(total, int) and _LEAST <= total <= _MOST
    return Value(integer_value=total) if fits else Value(double_value=float(total))


def _average(numbers: Sequence[int | float]) -> Pb:
    return Value(double_value=_add(numbers) / len(numbers)) if numbers else Value(null_value=0)


def _add(numbers: Sequence[int | float]) -> float:
    """Exact where all are finite; infinities of both signs make NaN."""
    return math.fsum(numbers) if all(map(math.isfinite, numbers)) else float(sum(numbers))
