"""The mutants of a module: found by walking its syntax tree in order, named by what they change, compiled one at a time."""

from __future__ import annotations

import ast
import copy
import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import CodeType
from typing import Any

from tests.mutants.operators import vary

ROOT = Path(__file__).resolve().parents[2]
_SKIPPED_FIELDS = frozenset({"annotation", "returns", "decorator_list", "ctx", "format_spec", "bases"})
_SKIPPED_NODES = (ast.Assert, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal)
_TYPE_ALIAS = re.compile(r"__all__|[A-Z]|[A-Z]\w*[a-z]\w*")
"""A type variable or alias is named so, and changes nothing that runs."""
_BODIES = ("body", "orelse", "finalbody", "handlers")
_CONTEXT = 40
_SEAMS = frozenset(" ()[]{},:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change of a module. `first` and `last` are the lines of its statement, without the body of a compound one.

    `number` is its place in the walk over the module. `function` is the outermost one with its class, empty for what the module itself
    runs; `is_inside` says whether it changes that function's body and not, say, a default argument. `maker` are the lines of the function
    around an inner function or lambda that it changes, which may have been made and kept before.
    """

    id: str
    module: str
    function: str
    change: str
    first: int
    last: int
    number: int
    is_inside: bool
    maker: tuple[int, int] | None = None


@dataclass(slots=True)
class _Place:
    """Where the walk stands."""

    names: tuple[str, ...] = ()
    is_inside: bool = False
    statement: Any = None
    outer: Any = None
    is_inner: bool = False

    @property
    def maker(self) -> tuple[int, int] | None:
        return (self.outer.lineno, self.outer.end_lineno) if self.is_inner else None


@dataclass(frozen=True, slots=True)
class _Edit:
    """One node to put in another's place."""

    parent: Any
    field: str
    index: int | None
    old: Any
    new: Any
    place: _Place

    def swap(self, node: Any) -> None:
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


@dataclass(slots=True)
class Source:
    """A module's syntax tree and all edits of it, in order."""

    module: str
    tree: ast.Module
    edits: list[_Edit] = field(default_factory=list)

    @property
    def path(self) -> Path:
        return ROOT / self.module

    def compile(self, number: int) -> CodeType:
        """The module's code with one edit."""
        edit = self.edits[number]
        edit.swap(ast.fix_missing_locations(ast.copy_location(edit.new, edit.old)))
        try:
            return compile(self.tree, str(self.path), "exec", dont_inherit=True)
        finally:
            edit.swap(edit.old)

    def find_mutants(self) -> list[Mutant]:
        seen: Counter[str] = Counter()
        found = []
        for number, edit in enumerate(self.edits):
            function, change = ".".join(edit.place.names), _describe(edit)
            named = f"{self.module} {function} {change}"
            seen[named] += 1
            digest = hashlib.sha256(f"{named} {seen[named]}".encode()).hexdigest()
            first, last = _find_lines(edit)
            found.append(
                Mutant(id=digest[:8], module=self.module, function=function, change=change, first=first, last=last,
                       number=number, is_inside=edit.place.is_inside, maker=edit.place.maker)
            )  # fmt: skip
        return found


def read_source(module: str, text: str | None = None) -> Source:
    """The module at its path below the repository's root, or the `text` in its place."""
    source = Source(module, ast.parse((ROOT / module).read_text() if text is None else text))
    source.edits.extend(_walk(source.tree, _Place()))
    return source


def _walk(node: ast.AST, place: _Place) -> Iterator[_Edit]:
    for name, value in ast.iter_fields(node):
        if name in _SKIPPED_FIELDS or _is_prose(node):
            continue
        inside = _enter(node, name, place)
        children = enumerate(value) if isinstance(value, list) else [(None, value)]
        for index, child in children:
            if isinstance(child, ast.AST) and not _is_skipped(child, inside):
                yield from _vary_child(node, name, index, child, inside)


def _vary_child(parent: ast.AST, name: str, index: int | None, child: ast.AST, place: _Place) -> Iterator[_Edit]:
    if isinstance(child, ast.stmt | ast.ExceptHandler):
        place = replace(place, statement=child)
    yield from (_Edit(parent, name, index, child, new, place) for new in vary(child))
    yield from _walk(child, place)


def _enter(node: ast.AST, name: str, place: _Place) -> _Place:
    """A function within a function is a part of it: they are compiled together."""
    if not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda) or name != "body":
        return place
    if place.is_inside or isinstance(node, ast.Lambda):
        return replace(place, is_inner=place.is_inside)
    return replace(place, names=(*place.names, node.name), is_inside=isinstance(node, ast.FunctionDef), outer=node)


def _is_prose(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) and any(
        isinstance(part, ast.Constant) and " " in str(part.value) for part in node.values
    )


def _is_skipped(node: ast.AST, place: _Place) -> bool:
    if isinstance(node, _SKIPPED_NODES):
        return True
    target = node.targets[0] if isinstance(node, ast.Assign) and not place.names else None
    return isinstance(target, ast.Name) and bool(_TYPE_ALIAS.fullmatch(target.id))


def _find_lines(edit: _Edit) -> tuple[int, int]:
    statement = edit.place.statement
    bodies = [getattr(statement, name) for name in _BODIES if getattr(statement, name, None)]
    inner = [part[0].lineno for part in bodies if isinstance(part, list)]
    last = min(inner) - 1 if inner else statement.end_lineno
    return statement.lineno, max(last, statement.lineno)


def _describe(edit: _Edit) -> str:
    """The change within its statement: `if len(text) ⟨> → >=⟩ 5:`, with a little of what stands around it."""
    statement = edit.place.statement
    was = _write_head(statement)
    if edit.old is statement:
        now = _write_head(edit.new)
    else:
        edit.swap(edit.new)
        now = _write_head(statement)
        edit.swap(edit.old)
    return _mark_difference(was, now)


def _write_head(statement: Any) -> str:
    """The statement on one line, without what a compound one holds."""
    head = copy.copy(statement)
    for name in (*_BODIES, "decorator_list"):
        if isinstance(getattr(head, name, None), list):
            setattr(head, name, [ast.Pass()] if name == "body" else [])
    return " ".join(ast.unparse(ast.fix_missing_locations(head)).split()).removesuffix(" pass")


def _mark_difference(was: str, now: str) -> str:
    shorter = min(len(was), len(now))
    start = next((at for at in range(shorter) if was[at] != now[at]), shorter)
    start = max((at + 1 for at in range(start) if was[at] in _SEAMS), default=0)
    end = next((at for at in range(shorter - start) if was[-1 - at] != now[-1 - at]), shorter - start)
    end = max((at + 1 for at in range(end) if was[-1 - at] in _SEAMS), default=0)
    before, after = was[:start], was[len(was) - end :]
    return f"{before[-_CONTEXT:]}⟨{was[start : len(was) - end]} → {now[start : len(now) - end]}⟩{after[:_CONTEXT]}"
