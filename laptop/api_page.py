"""`python -m laptop.api_page` writes API.md: every method of every API, and whether the laptop serves it; `--check` exits 1 if it is stale.

The servers themselves say what they serve: each is started in a folder of its own, and reports what its routes and handlers take.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from laptop.api.surface import ABSENT, SERVED, Surface
from laptop.host import SERVICES, start_services, stop_services
from laptop.hosting import Hosting

PAGE = Path(__file__).with_name("API.md")
_NOBODY, _ANY_PORT = "127.0.0.1:9", "127.0.0.1:0"
_HEAD = """# What the laptop serves

Every method of the APIs that the laptop stands in for, as Google's own descriptions list them. This page is generated from the
servers' routes and handlers (`python -m laptop.api_page`), and a test compares it with them.

- **served**: a handler answers it. Options that it lacks are refused by name: 501, or `UNIMPLEMENTED` over gRPC.
- **not there**: the call is refused with 501, or `UNIMPLEMENTED`, and the name of the method.
- **refused**: the same, with the reason why it stays so.

"""
Surveys = Mapping[str, Sequence[Surface]]


def survey() -> dict[str, list[Surface]]:
    """What each service reports when it starts."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_survey(Path(folder)))


async def _survey(folder: Path) -> dict[str, list[Surface]]:
    found: dict[str, list[Surface]] = {name: [] for name in SERVICES}
    endpoints = dict.fromkeys(SERVICES, _NOBODY) | {"executions": _ANY_PORT}
    hostings = {
        name: Hosting(state=folder / name, endpoints=endpoints, announce=found[name].append) for name in SERVICES
    }
    await stop_services(await start_services(SERVICES, hostings))
    return found


def write_page(found: Surveys) -> str:
    """The page about what was found. Pure."""
    counts = "".join(_count(name, surface) for name, surfaces in found.items() for surface in surfaces)
    sections = (f"\n## {name}\n" + "".join(map(_section, surfaces)) for name, surfaces in found.items())
    return (
        f"{_HEAD}| service | API | served | not there | refused |\n|---|---|---|---|---|\n{counts}{''.join(sections)}"
    )


def _count(service: str, surface: Surface) -> str:
    states = list(surface.methods.values())
    served, absent = states.count(SERVED), states.count(ABSENT)
    return f"| [{service}](#{service}) | {surface.title} | {served} | {absent} | {len(states) - served - absent} |\n"


def _section(surface: Surface) -> str:
    resources = _group(surface.methods)
    rows = [_row(name, states) for name, states in resources.items() if SERVED in states.values()]
    others = [f"- {name}: {', '.join(states)}\n" for name, states in resources.items() if SERVED not in states.values()]
    table = "| | served | not there | refused |\n|---|---|---|---|\n" + "".join(rows) if rows else ""
    hidden = "\n<details><summary>Of these nothing is served</summary>\n\n" + "".join(others) + "\n</details>\n"
    return f"\n### {surface.title}\n\nFrom {surface.source}.\n\n{table}{hidden if others else ''}"


def _group(methods: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """`{resource or service: {method: state}}`, of `storage.buckets.get` and `google.pubsub.v1.Publisher/Publish`."""
    grouped: dict[str, dict[str, str]] = {}
    for name, state in methods.items():
        owner, _, method = name.rpartition("/" if "/" in name else ".")
        short = owner.rpartition(".")[2] if "/" in name else owner.partition(".")[2]
        grouped.setdefault(short, {})[method] = state
    return grouped


def _row(resource: str, states: Mapping[str, str]) -> str:
    served, absent = (_list(states, wanted) for wanted in (SERVED, ABSENT))
    reasons = {state for state in states.values() if state not in (SERVED, ABSENT)}
    refused = "; ".join(f"{_list(states, reason)}: {reason}" for reason in sorted(reasons))
    return f"| {resource} | {served} | {absent} | {refused} |\n"


def _list(states: Mapping[str, str], wanted: str) -> str:
    return ", ".join(method for method, state in states.items() if state == wanted)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m laptop.api_page", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the page is stale")
    text = write_page(survey())
    if not parser.parse_args().check:
        PAGE.write_text(text)
        return 0
    if is_stale := not PAGE.exists() or PAGE.read_text() != text:
        sys.stderr.write("laptop/API.md is stale: run `make docs`\n")
    return int(is_stale)


if __name__ == "__main__":
    sys.exit(main())
