"""`docs/codes.md`: every code with which something is refused."""

from __future__ import annotations

from ripple.deployment.codes import CODES, PLACES

_HEAD = """# Codes

Whatever Ripple refuses, it refuses under one of these codes, which do not change. The sentence beside a code names the field, the
line or the object. This page is generated: `make docs`.
"""
_TITLES = {"row": "Rows", "object": "Objects", "event": "Events and commands"}


def write_codes() -> str:
    """The page, a table a place."""
    return _HEAD + "".join(_section(place) for place in PLACES)


def _section(place: str) -> str:
    rows = [
        f"| `{name}` | {code.meaning} | {code.next_step} |\n"
        for name, code in sorted(CODES.items())
        if code.place == place
    ]
    return (
        f"\n## {_TITLES[place]}\n\n{PLACES[place]}\n\n| code | meaning | next step |\n| --- | --- | --- |\n"
        + "".join(rows)
    )
