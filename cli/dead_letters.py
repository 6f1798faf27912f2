"""List dead letters beside what became of them. Reading takes nothing away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ripple.deployment.codes import CODES
from ripple.errors import PermanentError
from ripple.gateways.edge import open_edge
from ripple.state.redrives import MOST, REDRIVES


def list_letters(environ: Mapping[str, str], limit: int, *, everything: bool) -> list[dict[str, Any]]:
    """Open letters, oldest first; with `everything` also those that went back, with the replay that took them."""
    edge = open_edge(environ)
    redriven = dict(REDRIVES.find(edge.documents, MOST))
    letters = edge.dead_letters.list([] if everything else list(redriven), limit)
    hidden = ("attributes", "body")
    return [
        {name: value for name, value in letter.describe().items() if name not in hidden}
        | {"sent_back_by": redriven[letter.id].replay if letter.id in redriven else None}
        for letter in letters
    ]


def show_letter(environ: Mapping[str, str], letter_id: str) -> dict[str, Any]:
    """All of one letter, what its code means and what to do next."""
    edge = open_edge(environ)
    found = edge.dead_letters.read([letter_id])
    if not found:
        raise PermanentError("dead_letter_unknown", f"no dead letter {letter_id}", "see `ripple dead-letters --all`")
    sent = REDRIVES.get(edge.documents, letter_id)
    code = CODES.get(found[0].code)
    advice = {"meaning": code.meaning, "next_step": code.next_step} if code else {}
    return found[0].describe() | advice | {"sent_back_by": sent.replay if sent else None}
