"""Every collection of the state, by the name of its schema. Stages import the modules that they use, and not this one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ripple.state.batches import BATCHES
from ripple.state.claims import CLAIMS
from ripple.state.collection import Collection, SingleDocument
from ripple.state.export_slices import EXPORT_SLICES
from ripple.state.exports import EXPORTS
from ripple.state.files import FILES
from ripple.state.head import HEAD
from ripple.state.outbox import OUTBOX
from ripple.state.redrives import REDRIVES
from ripple.state.replays import REPLAYS
from ripple.state.sweeps import SWEEPS
from ripple.state.ticks import TICKS
from ripple.state.tombstones import TOMBSTONES
from ripple.state.training_head import TRAINING_HEAD
from ripple.state.trainings import TRAININGS

_PARTS: tuple[Collection[Any] | SingleDocument[Any], ...] = (
    TICKS,
    EXPORTS,
    EXPORT_SLICES,
    FILES,
    HEAD,
    BATCHES,
    CLAIMS,
    TRAININGS,
    TRAINING_HEAD,
    OUTBOX,
    REPLAYS,
    REDRIVES,
    SWEEPS,
    TOMBSTONES,
)


def name_schema(part: Collection[Any] | SingleDocument[Any]) -> str:
    """`files`, or `elt-head` of the one document of a collection."""
    return part.path.replace("/", "-") if isinstance(part, SingleDocument) else part.name


STATE: Mapping[str, Collection[Any]] = {
    name_schema(part): part.collection if isinstance(part, SingleDocument) else part for part in _PARTS
}
"""In the order in which a file meets them."""
