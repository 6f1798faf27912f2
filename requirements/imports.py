"""Compare what each part imports with what it declares: exits 1 and names each package that is in one of them only.

A part is a folder of `functions/`, or one of PARTS. Its code is its own folder, and as much of the other packages of this
repository as that reaches: an import within a function counts only where something that is reached names the function.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import distributions
from pathlib import Path

from requirements.inputs import expand

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("generators", "laptop", "cli", "pipelines")
OURS = frozenset({"ripple", "functions", *PARTS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What runs together: a function by its name, a method by `.name`, or a module's own statements by no name."""

    name: str
    imports: frozenset[str]
    names: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """The packages of a part; `unimported` do their work without an import, modules `elsewhere` are another environment's."""

    packages: frozenset[str]
    unimported: frozenset[str] = frozenset()
    elsewhere: frozenset[str] = frozenset()


@dataclass(slots=True)
class Reached:
    """The units that a part's code reaches, by module; grows until nothing is added."""

    units: dict[str, list[Unit]]
    own: frozenset[str]
    modules: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)

    def follow(self) -> set[str]:
        """Every dotted name that is imported."""
        before = -1
        self.modules |= self.own
        while before != (before := len(self.modules) + len(self.names) + len(self.imports)):
            for module in sorted(self.modules):
                for unit in self.units[module]:
                    if module in self.own or not unit.name or unit.name.startswith(".__") or unit.name in self.names:
                        self._enter(unit)
        return self.imports

    def _enter(self, unit: Unit) -> None:
        self.names |= unit.names
        self.imports |= unit.imports
        for name in unit.imports:
            self.modules |= set(enclosing(name)) & self.units.keys()


def enclosing(name: str) -> Iterator[str]:
    """`a.b.c`, `a.b` and `a` of `a.b.c`."""
    while name:
        yield name
        name = name.rpartition(".")[0]


def read_units(source: str) -> list[Unit]:
    """The units of a module: functions within functions belong to the outer one, methods stand by their own names."""
    found: list[Unit] = []
    top: list[ast.AST] = []
    waiting: list[ast.AST] = [ast.parse(source)]
    while waiting:
        parent = waiting.pop()
        for node in ast.iter_child_nodes(parent):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                dot = "." if isinstance(parent, ast.ClassDef) else ""
                found.append(make_unit(dot + node.name, ast.walk(node)))
            elif not is_typing_only(node):
                top.append(node)
                waiting.append(node)
    return [make_unit("", top), *found]


def is_typing_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def make_unit(name: str, nodes: Iterable[ast.AST]) -> Unit:
    names, imports = set[str](), set[str]()
    for node in nodes:
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            names |= {node.attr, f".{node.attr}"}
        elif isinstance(node, ast.Import):
            imports |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imports |= {f"{node.module}.{alias.name}" for alias in node.names}
    return Unit(name=name, imports=frozenset(imports), names=frozenset(names))


def read_modules(root: Path = ROOT) -> dict[str, list[Unit]]:
    """The units of all modules of this repository, by dotted name; not those of tests."""
    found = {}
    for package in sorted(OURS):
        for path in sorted((root / package).rglob("*.py")):
            words = path.relative_to(root).with_suffix("").parts
            if "tests" not in words:
                name = ".".join(word for word in words if word != "__init__")
                found[name] = read_units(path.read_text())
    return found


def find_imports(modules: Mapping[str, list[Unit]], package: str) -> set[str]:
    """The dotted names that a package of ours imports from elsewhere."""
    own = frozenset(name for name in modules if f"{name}.".startswith(f"{package}."))
    found = Reached(dict(modules), own).follow()
    return {name for name in found if name.partition(".")[0] not in OURS | sys.stdlib_module_names}


def read_installed(paths: Iterable[str]) -> dict[str, set[str]]:
    """The names of the distributions that hold each module, by its dotted name: of `google` there are many."""
    found: dict[str, set[str]] = {}
    for distribution in distributions(path=list(paths)):
        name = normalize(distribution.metadata["Name"])
        for file in distribution.files or ():
            if file.suffix in (".py", ".so", ".pyi"):
                words = [*file.parts[:-1], *({file.name.partition(".")[0]} - {"__init__"})]
                found.setdefault(".".join(words), set()).add(name)
    return found


def normalize(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def find_distributions(name: str, installed: Mapping[str, set[str]]) -> set[str]:
    """Who brings what is imported: the longest part of the name that is a module; empty if nobody does."""
    return next((installed[part] for part in enclosing(name) if part in installed), set())


def read_declared(root: Path, part: str) -> Declared:
    """From the part's own `pyproject.toml` if it has one, else from its group in the repository's."""
    own = root / part / "pyproject.toml"
    table = tomllib.loads((own if own.exists() else root / "pyproject.toml").read_text())
    listed = table["project"]["dependencies"] if own.exists() else list(expand(table["dependency-groups"], part))
    passing = table.get("tool", {}).get("imports", {})
    return Declared(
        packages=frozenset(normalize(re.split(r"[^\w.-]", entry)[0]) for entry in listed),
        unimported=frozenset(map(normalize, passing.get("unimported", ()))),
        elsewhere=frozenset(passing.get("elsewhere", ())),
    )


def find_faults(imports: Iterable[str], declared: Declared, installed: Mapping[str, set[str]]) -> list[str]:
    """Sentences without their subject, the part."""
    brought = {name: find_distributions(name, installed) for name in sorted(imports)}
    used = set[str]().union(*brought.values())
    missing = {
        " or ".join(sorted(found)) or f"a package that has {name}": name
        for name, found in reversed(brought.items())
        if not found & declared.packages and name.partition(".")[0] not in declared.elsewhere
    }
    return [
        *(f"imports {name} and does not declare {package}" for package, name in sorted(missing.items())),
        *(f"declares {name} and does not import it" for name in sorted(declared.packages - used - declared.unimported)),
    ]


def list_parts(root: Path = ROOT) -> list[str]:
    """All parts that the developers' environment is for: the pipelines have one of their own."""
    stages = sorted(path.parent.name for path in (root / "functions").glob("*/main.py"))
    return [*stages, "generators", "cli", *(["laptop"] if (root / "laptop/pyproject.toml").exists() else [])]


def check_part(part: str, modules: Mapping[str, list[Unit]], installed: Mapping[str, set[str]]) -> Iterator[str]:
    package = part if part in PARTS else f"functions.{part}"
    for fault in find_faults(find_imports(modules, package), read_declared(ROOT, part), installed):
        yield f"{part} {fault}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=list_parts(), help="those that this environment is for")
    modules, installed = read_modules(), read_installed(sys.path)
    faults = [fault for part in parser.parse_args().parts for fault in check_part(part, modules, installed)]
    sys.stderr.write("".join(f"{fault}\n" for fault in faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
