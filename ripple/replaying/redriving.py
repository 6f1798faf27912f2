"""Decide which dead letters go back, and how. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ripple.errors import PermanentError
from ripple.replaying.plan import Firing, ReplayPlan
from ripple.replaying.planning import STARTED
from ripple.state.redrives import RedriveRecord
from ripple.wire.dead_letters import DeadLetter


def plan_dead_letters(
    asked: Sequence[str], letters: Sequence[DeadLetter], redriven: Mapping[str, RedriveRecord]
) -> ReplayPlan:
    """Each open letter that can be sent back goes once; for those asked by name the notes say why one does not."""
    chosen = _choose(asked, letters) if asked else [letter for letter in letters if letter.id not in redriven]
    going = [letter for letter in chosen if letter.id not in redriven and not letter.way.refusal]
    return ReplayPlan(
        kind="dead-letter",
        title=f"replay of {len(going)} dead letter{'' if len(going) == 1 else 's'}",
        targets=tuple(letter.id for letter in going),
        fires=(STARTED, *map(_send, going)) if going else (),
        notes=tuple(_explain(letter, redriven.get(letter.id)) for letter in chosen if letter not in going),
        lines=frozenset(letter.line for letter in going),
    )


def _choose(asked: Sequence[str], letters: Sequence[DeadLetter]) -> list[DeadLetter]:
    found = {letter.id: letter for letter in letters}
    missing = [one for one in asked if one not in found]
    if missing:
        raise PermanentError(
            "dead_letter_unknown", f"no dead letter {', '.join(missing)}"[:1000], "see `ripple dead-letters`"
        )
    return [found[one] for one in asked]


def _send(letter: DeadLetter) -> Firing:
    times = "delivery" if letter.attempts == 1 else "deliveries"
    history = f"died after {letter.attempts} {times} at {letter.stage}: {letter.code}"
    if letter.way.uri:
        return Firing(type="replay.run.started.v1", about=f"object {letter.way.uri}", condition=history)
    return Firing(type=letter.event, about=letter.event_id, condition=f"sent back to {letter.way.topic}; {history}")


def _explain(letter: DeadLetter, sent: RedriveRecord | None) -> str:
    if sent is not None:
        return f"dead letter {letter.id} was sent back by {sent.replay}"
    return f"dead letter {letter.id} cannot be sent back: {letter.way.refusal}"
