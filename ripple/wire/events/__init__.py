"""The facts that Ripple's stages state, and how a fact travels on Pub/Sub as a CloudEvent.

Every event is a frozen record; its class says its type, its subject and what makes its id deterministic, so that a
retried handler states the same fact and not a second one. The catalogue page is generated from these classes.
"""

from __future__ import annotations

from collections.abc import Mapping

from ripple.errors import PermanentError
from ripple.wire.events.envelope import Envelope
from ripple.wire.events.fact import Fact
from ripple.wire.events.ingest import (
    BatchRunStarted,
    BronzeContractDrifted,
    BronzeObjectLanded,
    BronzeObjectRejected,
    SalesExportFinished,
    SalesExportRequested,
    SalesSliceExported,
    SalesSliceRequested,
)
from ripple.wire.events.running import (
    BronzeObjectsParked,
    EltPartSucceeded,
    EltRunFailed,
    EltRunStarted,
    EltRunSucceeded,
    TrainingJobFinished,
    TrainingJobSubmitted,
)
from ripple.wire.events.upkeep import ReplayRunPlanned, ReplayRunStarted, RunStalled

__all__ = [
    "CATALOGUE",
    "BatchRunStarted",
    "BronzeContractDrifted",
    "BronzeObjectLanded",
    "BronzeObjectRejected",
    "BronzeObjectsParked",
    "EltPartSucceeded",
    "EltRunFailed",
    "EltRunStarted",
    "EltRunSucceeded",
    "Envelope",
    "Fact",
    "ReplayRunPlanned",
    "ReplayRunStarted",
    "RunStalled",
    "SalesExportFinished",
    "SalesExportRequested",
    "SalesSliceExported",
    "SalesSliceRequested",
    "TrainingJobFinished",
    "TrainingJobSubmitted",
    "decode_fact",
]

CATALOGUE: Mapping[str, type[Fact]] = {fact.TYPE: fact for fact in Fact.__subclasses__()}


def decode_fact(type_name: str, data: object) -> Fact:
    """The fact of a CloudEvent type and its decoded JSON data; PermanentError if either is unknown or wrong."""
    fact = CATALOGUE.get(type_name)
    if fact is None:
        raise PermanentError("event_unknown", f"no event of type {type_name!r} is in the catalogue")
    return fact.from_data(data)
