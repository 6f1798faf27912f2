"""A query's `where` compiled to one predicate over a document."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from laptop.firestore import field_paths
from laptop.firestore.errors import refuse_argument
from laptop.firestore.field_paths import NAME, FieldPath
from laptop.firestore.messages import Pb, StructuredQuery
from laptop.firestore.ordering import NULL_RANK, Key, is_nan, key_of, key_of_name

Predicate = Callable[[Pb], bool]
_Test = Callable[[Key], bool]
_Field = StructuredQuery.FieldFilter
_Unary = StructuredQuery.UnaryFilter
_AND = StructuredQuery.CompositeFilter.AND
_INEQUALITIES = {
    _Field.LESS_THAN,
    _Field.LESS_THAN_OR_EQUAL,
    _Field.GREATER_THAN,
    _Field.GREATER_THAN_OR_EQUAL,
    _Field.NOT_EQUAL,
    _Field.NOT_IN,
}
_MAX_ALTERNATIVES = 30
_ARRAY_RANK = 8


def compile_filter(where: Pb) -> Predicate:
    """A test over Document messages. Raises INVALID_ARGUMENT for operators and operands that do not fit."""
    kind = where.WhichOneof("filter_type")
    if kind == "composite_filter":
        return _compile_composite(where.composite_filter)
    if kind == "unary_filter":
        path = field_paths.parse(where.unary_filter.field.field_path)
        return _test_field(path, _find(_UNARY_TESTS, where.unary_filter.op))
    if kind == "field_filter":
        return _compile_field(where.field_filter)
    raise refuse_argument("a filter is empty")


def inequality_fields(where: Pb) -> set[FieldPath]:
    """The fields that results are ordered by even when the query does not say so."""
    return {
        field_paths.parse(leaf.field.field_path)
        for leaf in _leaves(where)
        if (isinstance(leaf, _Field) and leaf.op in _INEQUALITIES)
        or (isinstance(leaf, _Unary) and leaf.op in {_Unary.IS_NOT_NAN, _Unary.IS_NOT_NULL})
    }


def needles(where: Pb) -> tuple[bytes, ...]:
    """Bytes that every matching document holds: a document without them need not even be parsed."""
    kind = where.WhichOneof("filter_type")
    if kind == "composite_filter" and where.composite_filter.op == _AND:
        return tuple(needle for part in where.composite_filter.filters for needle in needles(part))
    if kind == "field_filter" and where.field_filter.op == _Field.EQUAL and where.field_filter.value.string_value:
        return (where.field_filter.value.string_value.encode(),)
    return ()


def _leaves(where: Pb) -> Iterator[Pb]:
    kind = where.WhichOneof("filter_type")
    if kind == "composite_filter":
        for part in where.composite_filter.filters:
            yield from _leaves(part)
    elif kind:
        yield getattr(where, kind)


def _compile_composite(composite: Pb) -> Predicate:
    parts = [compile_filter(part) for part in composite.filters]
    if not parts:
        raise refuse_argument("a composite filter holds no filters")
    if len(parts) == 1:
        return parts[0]
    if composite.op == _AND:
        return lambda document: all(part(document) for part in parts)
    if composite.op == StructuredQuery.CompositeFilter.OR:
        return lambda document: any(part(document) for part in parts)
    raise refuse_argument("a composite filter has no operator")


def _compile_field(condition: Pb) -> Predicate:
    path = field_paths.parse(condition.field.field_path)
    return _test_field(path, _find(_FIELD_TESTS, condition.op)(condition.value))


def _test_field(path: FieldPath, test: _Test) -> Predicate:
    """A field that is not there matches nothing."""
    if path == NAME:
        return lambda document: test(key_of_name(document.name))

    def match(document: Pb) -> bool:
        value = field_paths.read(document.fields, path)
        return value is not None and test(key_of(value))

    return match


def _find(table: Mapping[Any, Any], op: int) -> Any:
    if op not in table:
        raise refuse_argument(f"filter operator {op} is not known")
    return table[op]


def _compare(compare: Callable[[Any, Any], bool]) -> Callable[[Pb], _Test]:
    """Ranges hold only values of the operand's own type."""

    def build(value: Pb) -> _Test:
        wanted = key_of(value)
        return lambda key: key[0] == wanted[0] and compare(key, wanted)

    return build


def _differ(value: Pb) -> _Test:
    unwanted = key_of(value)
    return lambda key: key[0] != NULL_RANK and key != unwanted


def _alternatives(value: Pb) -> set[Key]:
    if value.WhichOneof("value_type") != "array_value" or not value.array_value.values:
        raise refuse_argument("IN, NOT_IN and ARRAY_CONTAINS_ANY take an array that is not empty")
    if len(value.array_value.values) > _MAX_ALTERNATIVES:
        raise refuse_argument(f"a disjunction takes at most {_MAX_ALTERNATIVES} values")
    return set(map(key_of, value.array_value.values))


def _be_in(value: Pb) -> _Test:
    wanted = _alternatives(value)
    return lambda key: key in wanted


def _not_be_in(value: Pb) -> _Test:
    unwanted = _alternatives(value)
    holds_null = (NULL_RANK,) in unwanted
    return lambda key: not holds_null and key[0] != NULL_RANK and key not in unwanted


def _contain(value: Pb) -> _Test:
    wanted = key_of(value)
    return lambda key: key[0] == _ARRAY_RANK and wanted in key[1]


def _contain_any(value: Pb) -> _Test:
    wanted = _alternatives(value)
    return lambda key: key[0] == _ARRAY_RANK and not wanted.isdisjoint(key[1])


_FIELD_TESTS: Mapping[Any, Callable[[Pb], _Test]] = {
    _Field.LESS_THAN: _compare(operator.lt),
    _Field.LESS_THAN_OR_EQUAL: _compare(operator.le),
    _Field.GREATER_THAN: _compare(operator.gt),
    _Field.GREATER_THAN_OR_EQUAL: _compare(operator.ge),
    _Field.EQUAL: _compare(operator.eq),
    _Field.NOT_EQUAL: _differ,
    _Field.IN: _be_in,
    _Field.NOT_IN: _not_be_in,
    _Field.ARRAY_CONTAINS: _contain,
    _Field.ARRAY_CONTAINS_ANY: _contain_any,
}
_UNARY_TESTS: Mapping[Any, _Test] = {
    _Unary.IS_NAN: is_nan,
    _Unary.IS_NULL: lambda key: key[0] == NULL_RANK,
    _Unary.IS_NOT_NAN: lambda key: key[0] != NULL_RANK and not is_nan(key),
    _Unary.IS_NOT_NULL: lambda key: key[0] != NULL_RANK,
}
