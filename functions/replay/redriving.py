"""Send dead letters back, each once: whoever creates its record sends it, and again if it crashed before it could say so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from ripple.ports.holders import HasDeadLetters, HasDocuments, HasRedriver
from ripple.state.redrives import REDRIVES, RedriveRecord
from ripple.wire.dead_letters import DeadLetter, with_history


class RedrivePorts(HasDeadLetters, HasDocuments, HasRedriver, Protocol):
    """Dead letters, their topics, and which of them went back."""


def send_back(ids: Sequence[str], replay_id: str, at: dt.datetime, ports: RedrivePorts) -> tuple[str, ...]:
    """Publish every letter that no other replay took; the objects whose finalize event died, for their stages to look at."""
    objects = []
    for letter in ports.dead_letters.read(ids):
        if _take(letter, replay_id, at, ports):
            if letter.way.uri:
                objects.append(letter.way.uri)
            elif letter.way.topic:
                ports.publisher.send_back(letter.way.topic, letter.way.data, with_history(letter, replay_id))
            REDRIVES.update(ports.documents, letter.id, sent=True)
    return tuple(dict.fromkeys(objects))


def _take(letter: DeadLetter, replay_id: str, at: dt.datetime, ports: HasDocuments) -> bool:
    claim = RedriveRecord(replay=replay_id, at=at, sent=False, event=letter.event, event_id=letter.event_id)
    if REDRIVES.create(ports.documents, letter.id, claim):
        return True
    return REDRIVES.expect(ports.documents, letter.id).replay == replay_id
