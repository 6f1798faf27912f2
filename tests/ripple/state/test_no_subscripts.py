"""Outside `ripple/state/` nobody spells where a document of the state is, reads one raw, or takes a field of one by its name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from ripple.state.catalogue import STATE

ROOT = Path(__file__).parents[3]
FOLDERS = ("functions", "ripple", "cli", "pipelines", "generators")
MAY = ("ripple/state/", "ripple/gateways/documents.py", "ripple/ports/")
"""The records themselves, and the port with its gateway, which knows no collection."""
BELOW = ("ripple/wire/", "ripple/rows/", "ripple/deployment/")
"""Rooms that cannot import a port: `batches/7` is the subject of an event there."""
NAMES = {kept.name for kept in STATE.values()}
STORES = {"documents", "transaction", "firestore"}
METHODS = {"get", "get_many", "find", "create", "set", "update", "delete"}
CLIENT_METHODS = {"collection", "document"}
RAW = {"fact", "unknown"}
"""Maps in a record: properties of it say what they hold."""


def find_raw(text: str, *, paths: bool = True) -> Iterator[str]:
    """What a module does that only `ripple/state/` may, with its line. `paths`: it must spell none at all."""
    tree = ast.parse(text)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        for what in (*_find_calls(node), *_find_imports(node), *_find_fields(node)):
            yield f"{node.lineno}: {what}"  # type: ignore[attr-defined]
        if paths and isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in prose and _is_path(node):
            yield f"{node.lineno}: spells the path {ast.unparse(node)}"


def _find_calls(node: ast.AST) -> Iterator[str]:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return
    method, holder, first = node.func.attr, _name(node.func.value), node.args[0] if node.args else None
    if method in METHODS and holder in STORES:
        yield f"calls {holder}.{method} itself"
    elif method in CLIENT_METHODS:
        yield f"asks a client for a {method} itself"
    elif method == "find" and isinstance(first, ast.Constant) and first.value in NAMES:
        yield f"queries {first.value} itself"


def _find_imports(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom) and node.module == "ripple.ports":
        yield from ("imports Document" for alias in node.names if alias.name == "Document")


def _find_fields(node: ast.AST) -> Iterator[str]:
    """`record.fact["rows"]`, `record.fact.get("rows")`, `FILES.write(record)["rows"]`, `FILES.write(record).get("rows")`."""
    if isinstance(node, ast.Subscript) and _is_raw(node.value):
        yield f"subscripts {ast.unparse(node.value)}"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
        yield from (f"subscripts {ast.unparse(held)}" for held in [node.func.value] if _is_raw(held))


def _is_raw(node: ast.expr) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "write":
        return str(_name(node.func.value)).isupper()
    return isinstance(node, ast.Attribute) and node.attr in RAW


def _name(node: ast.expr) -> str | None:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else None


def _is_path(node: ast.Constant | ast.JoinedStr) -> bool:
    begin = node.values[0] if isinstance(node, ast.JoinedStr) and node.values else node
    text = begin.value if isinstance(begin, ast.Constant) else None
    return isinstance(text, str) and text.partition("/")[0] in NAMES and "/" in text


def our_modules() -> list[Path]:
    found = (path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py")))
    return [path for path in found if not str(path.relative_to(ROOT)).startswith(MAY)]


def test_no_module_reads_the_state_but_through_its_records() -> None:
    modules = our_modules()
    assert len(modules) > 150
    found = []
    for path in modules:
        name = str(path.relative_to(ROOT))
        found += [f"{name}:{what}" for what in find_raw(path.read_text(), paths=not name.startswith(BELOW))]
    assert found == []


@pytest.mark.parametrize(
    "snippet",
    [
        'run = transaction.get("elt/head")["run"]',
        'waiting = store.find("files", {"state": "landed"}, 1)',
        'known = edge.documents.get(f"files/{ref.key}")',
        "known = edge.documents.get(path)",
        'transaction.update(path, {"batch": 1})',
        'edge.documents.create(f"claims/{batch}-{epoch}", claim)',
        'head = read(anything, "elt/head")',
        'name = f"batches/{number}"',
        'client.collection("trainings").stream()',
        "client.collection(name).stream()",
        'client.document("training/head").get()',
        'rows = file.fact["rows"]',
        'rows = file.fact.get("rows")',
        'rows = FILES.write(file)["rows"]',
        'rows = FILES.write(file).get("rows")',
        "from ripple.ports import Document, Transaction",
    ],
)
def test_a_document_that_is_read_raw_is_found(snippet: str) -> None:
    assert list(find_raw(snippet))


@pytest.mark.parametrize(
    "snippet",
    [
        "head = HEAD.get(transaction)",
        'waiting = FILES.find(edge.documents, 1, state="landed")',
        "TICKS.update(edge.documents, batch_id, ended=True)",
        "edge.documents.run(lambda transaction, now: now)",
        'count = run["files"]',
        'count = run.get("files")',
        '"""A document files/x of the state."""',
        "from ripple.ports import DocumentStore",
    ],
)
def test_what_goes_through_a_record_is_left_alone(snippet: str) -> None:
    assert list(find_raw(snippet)) == []
