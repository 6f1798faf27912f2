"""What a mutant changes: for a node of the syntax tree, the nodes that could stand in its place. Pure.

Prose is left alone (a text with a space in it is for people, and no test should fix its words), and so are annotations, decorators,
asserts and type aliases, which change nothing that runs.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_COMPARISONS: Mapping[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_ARITHMETIC: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.BitXor: ast.BitOr,
}
_CALLS: Mapping[str, tuple[str, ...]] = {
    "fullmatch": ("match", "search"),
    "match": ("search", "fullmatch"),
    "search": ("match",),
    "min": ("max",),
    "max": ("min",),
    "any": ("all",),
    "all": ("any",),
    "sum": ("max",),
    "sorted": ("list",),
    "startswith": ("endswith",),
    "endswith": ("startswith",),
    "removeprefix": ("removesuffix",),
    "removesuffix": ("removeprefix",),
    "partition": ("rpartition",),
    "rpartition": ("partition",),
    "strip": ("lstrip", "rstrip"),
    "lstrip": ("strip",),
    "rstrip": ("strip",),
    "lower": ("upper",),
    "casefold": ("lower",),
    "ljust": ("rjust",),
    "less_equal": ("less",),
    "and_": ("or_",),
}
_HAVE_DEFAULTS = frozenset({"get", "getattr", "next", "pop", "split", "rsplit", "replace", "round", "int"})
"""Calls whose last argument can be left out without an error that shows at once."""


def vary(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in the node's place, in a fixed order; statements too."""
    for kind, operate in _OPERATORS.items():
        if isinstance(node, kind):
            yield from operate(node)


def _with(node: Any, **fields: Any) -> Any:
    """A copy of the node with other fields."""
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _without(node: Any, field: str) -> Iterator[Any]:
    """Copies of the node that lack one item of a list."""
    items = getattr(node, field)
    for at in range(len(items)):
        yield _with(node, **{field: [*items[:at], *items[at + 1 :]]})


def _compare(node: ast.Compare) -> Iterator[ast.AST]:
    for at, operator in enumerate(node.ops):
        for other in _COMPARISONS[type(operator)]:
            yield _with(node, ops=[*node.ops[:at], other(), *node.ops[at + 1 :]])


def _bool_op(node: ast.BoolOp) -> Iterator[ast.AST]:
    yield _with(node, op=ast.And() if isinstance(node.op, ast.Or) else ast.Or())
    for rest in _without(node, "values"):
        yield rest if len(rest.values) > 1 else rest.values[0]


def _unary_op(node: ast.UnaryOp) -> Iterator[ast.AST]:
    yield node.operand


def _bin_op(node: ast.BinOp) -> Iterator[ast.AST]:
    """Of sets, dicts, types and masks, one side is left out; numbers get another operator."""
    if isinstance(node.op, ast.BitOr | ast.BitAnd):
        yield from (node.left, node.right)
    else:
        yield _with(node, op=_ARITHMETIC[type(node.op)]())


def _constant(node: ast.Constant) -> Iterator[ast.AST]:
    value = node.value
    if isinstance(value, bool):
        yield _with(node, value=not value)
    elif isinstance(value, int | float):
        yield _with(node, value=value + 1)
    elif isinstance(value, str) and (" " not in value or value.isspace()):
        yield _with(node, value=value + "~")
    elif isinstance(value, bytes):
        yield _with(node, value=value + b"~")


def _call(node: ast.Call) -> Iterator[ast.AST]:
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    for other in _CALLS.get(name, ()):
        field = "id" if isinstance(node.func, ast.Name) else "attr"
        yield _with(node, func=_with(node.func, **{field: other}))
    yield from _without(node, "keywords")
    if len(node.args) > 1 and name in _HAVE_DEFAULTS:
        yield _with(node, args=node.args[:-1])


def _collection(node: ast.Tuple | ast.List | ast.Set) -> Iterator[ast.AST]:
    if isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        yield from (rest for rest in _without(node, "elts") if rest.elts or not isinstance(node, ast.Set))


def _dict(node: ast.Dict) -> Iterator[ast.AST]:
    for keys, values in zip(_without(node, "keys"), _without(node, "values"), strict=True):
        yield _with(node, keys=keys.keys, values=values.values)


def _slice(node: ast.Slice) -> Iterator[ast.AST]:
    yield from (_with(node, **{part: None}) for part in ("lower", "upper", "step") if getattr(node, part) is not None)


def _comprehension(node: ast.comprehension) -> Iterator[ast.AST]:
    yield from _without(node, "ifs")


def _condition(node: ast.If | ast.IfExp | ast.While) -> Iterator[ast.AST]:
    """Always and never; a loop that never ends teaches nothing."""
    for value in (False,) if isinstance(node, ast.While) else (True, False):
        yield _with(node, test=ast.Constant(value=value))


def _removed(node: ast.stmt) -> Iterator[ast.AST]:
    is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    if not is_docstring:
        yield ast.Pass()


def _return(node: ast.Return) -> Iterator[ast.AST]:
    if node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
        yield _with(node, value=ast.Constant(value=None))


def _assign(node: ast.Assign) -> Iterator[ast.AST]:
    """A name is bound to None, lest it be missing and show at once; an attribute or an item is not written."""
    if not all(isinstance(target, ast.Name | ast.Tuple) for target in node.targets):
        yield ast.Pass()
    elif not isinstance(node.value, ast.Constant):
        yield _with(node, value=ast.Constant(value=None))


def _aug_assign(node: ast.AugAssign) -> Iterator[ast.AST]:
    yield _with(node, op=_ARITHMETIC[type(node.op)]())
    yield ast.Pass()


def _jump(node: ast.Continue | ast.Break) -> Iterator[ast.AST]:
    yield ast.Break() if isinstance(node, ast.Continue) else ast.Continue()
    yield ast.Pass()


def _except_handler(node: ast.ExceptHandler) -> Iterator[ast.AST]:
    """Nothing is caught; that one kind of several is not caught is a change of their tuple."""
    yield _with(node, type=ast.Tuple(elts=[], ctx=ast.Load()))


_OPERATORS: Mapping[type[ast.AST], Callable[[Any], Iterator[ast.AST]]] = {
    ast.Compare: _compare,
    ast.BoolOp: _bool_op,
    ast.UnaryOp: _unary_op,
    ast.BinOp: _bin_op,
    ast.Constant: _constant,
    ast.Call: _call,
    ast.Tuple: _collection,
    ast.List: _collection,
    ast.Set: _collection,
    ast.Dict: _dict,
    ast.Slice: _slice,
    ast.comprehension: _comprehension,
    ast.If: _condition,
    ast.IfExp: _condition,
    ast.While: _condition,
    ast.Expr: _removed,
    ast.Raise: _removed,
    ast.Delete: _removed,
    ast.Return: _return,
    ast.Assign: _assign,
    ast.AugAssign: _aug_assign,
    ast.Continue: _jump,
    ast.Break: _jump,
    ast.ExceptHandler: _except_handler,
}
