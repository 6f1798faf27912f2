"""Find what never arrived, and repair it by stating it again; what is silent is stated too.

Time is Firestore's read time, never the tick's: machines' clocks are minutes apart.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Protocol

from functions.sweep.arrivals import ArrivalPorts, land_unannounced
from functions.sweep.exports import end_silent_exports
from functions.sweep.generators import GeneratorPorts, end_generators
from functions.sweep.runs import RunPorts, end_silent_run, kick_waiting
from functions.sweep.silence import state_silence
from functions.sweep.training import TrainingPorts, end_silent_training, revive_training
from ripple.errors import PermanentError, RetryableError
from ripple.handling.shell import Command, Payload
from ripple.handling.stating import Cause, send
from ripple.ports.holders import StatingPorts
from ripple.state.outbox import OUTBOX
from ripple.wire.known_keys import check_keys


class SweepPorts(ArrivalPorts, RunPorts, GeneratorPorts, TrainingPorts, Protocol):
    """What `sweep` acts through."""


Part = Callable[[dt.datetime, Cause, SweepPorts], None]
ON_ITS_WAY = dt.timedelta(minutes=1)
"""What is younger may still be in its handler's hands."""


def send_leftovers(now: dt.datetime, _cause: Cause, ports: StatingPorts) -> None:
    """Facts that a crash left between their transaction and Pub/Sub."""
    for _, kept in OUTBOX.find(ports.documents, 500):
        if now - kept.kept_at > ON_ITS_WAY:
            send([kept.envelope()], ports.publisher, ports.documents)


PARTS: tuple[Part, ...] = (
    send_leftovers,
    land_unannounced,
    end_silent_exports,
    end_generators,
    kick_waiting,
    end_silent_run,
    end_silent_training,
    revive_training,
    state_silence,
)


def react(tick: Payload, cause: Cause, ports: SweepPorts, parts: Sequence[Part] = PARTS) -> None:
    """Every part has its turn, whatever became of the others: one bad record must not silence the sweep."""
    if not isinstance(tick, Command):
        raise PermanentError("command_malformed", "sweep reacts to ticks only")
    check_keys(tick.body, (), "command_malformed", "a sweep")
    now = ports.documents.run(lambda _transaction, read_at: read_at)
    troubles = []
    for part in parts:
        try:
            part(now, cause, ports)
        except Exception as error:
            troubles.append(f"{part.__name__}: {type(error).__name__}: {error}")
    if troubles:
        raise RetryableError("; ".join(troubles))
