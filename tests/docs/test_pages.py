"""Links lead somewhere, and every command that a page names exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from cli.main import app
from ripple.deployment.routes import STAGES

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("functions/**/*.md"), *ROOT.glob("laptop/*.md")]
)
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def anchors_of(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.M)
    return {re.sub(r"[^a-z0-9_ -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_to_what_is_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        assert not anchor or anchor in anchors_of(file), target


def named_targets() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for target in re.findall(r"(?:`|^    )make ([a-z-]+)", page.read_text(), re.M):
            yield name_of(page), target


@pytest.mark.parametrize(("page", "target"), sorted(set(named_targets())))
def test_make_targets_that_pages_name_exist(page: str, target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M), page


def named_commands() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for line in re.findall(r"(?:`|\$|bin/)ripple ([a-z][^`\n#]*)", page.read_text()):
            yield name_of(page), line.strip()


@pytest.mark.parametrize(("page", "line"), sorted(set(named_commands())))
def test_commands_and_options_that_pages_name_exist(page: str, line: str) -> None:
    command = find_command(line)
    assert command is not None, page
    assert set(re.findall(r"(?<=\s)--[a-z-]+", line)) <= options_of(command) | {"--help"}, page


def find_command(line: str) -> Any:
    """The command that a line begins with, down to the last word that names one."""
    first, *words = line.split()
    command = COMMANDS.get(first)
    for word in words:
        command = getattr(command, "commands", {}).get(word, command)
    return command


def options_of(command: Any) -> set[str]:
    return {option for parameter in command.params for option in [*parameter.opts, *parameter.secondary_opts]}


def every_command() -> Iterator[tuple[str, Any]]:
    for name, command in COMMANDS.items():
        yield name, command
        for inner, one in getattr(command, "commands", {}).items():
            yield f"{name} {inner}", one


@pytest.mark.parametrize(("name", "command"), every_command(), ids=[name for name, _ in every_command()])
def test_every_command_has_help_and_answers_in_json(name: str, command: Any) -> None:
    assert len(command.help or "") > 10
    assert "--json" in options_of(command)
    for parameter in command.params:
        described = getattr(parameter, "help", None) or parameter.name in ("file", "uri", "run", "query", "letter")
        assert described, f"{name}: {parameter.name}"


def test_pages_name_commands_and_targets_at_all() -> None:
    assert len(set(named_commands())) >= 8
    assert len(set(named_targets())) >= 2


@pytest.mark.parametrize("stage", STAGES)
def test_every_function_has_its_page(stage: str) -> None:
    assert (ROOT / "functions" / stage / "README.md").read_text().startswith(f"# {stage}\n")


def test_every_decision_is_numbered_and_dated_by_its_place() -> None:
    numbers = [path.name[:4] for path in sorted((ROOT / "docs" / "decisions").glob("*.md"))]
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
