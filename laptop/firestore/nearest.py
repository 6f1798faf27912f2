"""Vector search: exact distances over every document that has a vector of the right length."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from laptop.firestore import field_paths
from laptop.firestore.errors import refuse_argument
from laptop.firestore.messages import Pb, StructuredQuery, Value

_Measure = StructuredQuery.FindNearest.DistanceMeasure
_Distance = Callable[[Sequence[float], Sequence[float]], float]
_MAX_RESULTS = 1000


def rank_nearest(search: Pb, documents: Iterable[Pb]) -> Iterator[Pb]:
    """The nearest documents first, with their distance in `distance_result_field` if that is named."""
    wanted = _numbers(search.query_vector)
    if not wanted or not 0 < search.limit.value <= _MAX_RESULTS or search.distance_measure not in _DISTANCES:
        raise refuse_argument(f"find_nearest takes a vector, a measure and a limit of 1 to {_MAX_RESULTS}")
    path = field_paths.parse(search.vector_field.field_path)
    measure = _DISTANCES[search.distance_measure]
    found = [(measure(vector, wanted), doc) for doc in documents if len(vector := _vector(doc, path)) == len(wanted)]
    far_first = search.distance_measure == _Measure.Value("DOT_PRODUCT")
    found.sort(key=lambda pair: pair[0], reverse=far_first)
    close = (pair for pair in found if _is_close(pair[0], search, far_first))
    for distance, document in islice(close, search.limit.value):
        yield _with_distance(document, distance, search.distance_result_field)


def _is_close(distance: float, search: Pb, far_first: bool) -> bool:
    if not search.HasField("distance_threshold"):
        return True
    threshold: float = search.distance_threshold.value
    return distance >= threshold if far_first else distance <= threshold


def _with_distance(document: Pb, distance: float, field: str) -> Pb:
    if field:
        field_paths.write(document.fields, field_paths.parse(field), Value(double_value=distance))
    return document


def _vector(document: Pb, path: field_paths.FieldPath) -> list[float]:
    value = field_paths.read(document.fields, path)
    return [] if value is None else _numbers(value)


def _numbers(value: Pb) -> list[float]:
    fields = value.map_value.fields
    if "__type__" not in fields or fields["__type__"].string_value != "__vector__":
        return []
    return [part.double_value or float(part.integer_value) for part in fields["value"].array_value.values]


def _multiply(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def _measure_cosine(one: Sequence[float], other: Sequence[float]) -> float:
    lengths = math.hypot(*one) * math.hypot(*other)
    return 1 - _multiply(one, other) / lengths if lengths else 1.0


_DISTANCES: Mapping[int, _Distance] = {
    _Measure.Value("EUCLIDEAN"): math.dist,
    _Measure.Value("COSINE"): _measure_cosine,
    _Measure.Value("DOT_PRODUCT"): _multiply,
}
