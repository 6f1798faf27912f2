"""What is declared of each flow: one file a flow, and everything that the platform knows of it is read from there."""

from __future__ import annotations

from ripple.flows.declaration import Flow
from ripple.flows.folder import ROOT, FlowFolder
from ripple.rows.contracts import Contract

__all__ = [
    "DECLARED",
    "Flow",
    "FlowFolder",
    "find_flow",
    "has_flow",
    "list_exported",
    "list_flows",
    "list_generated",
    "load_contract",
]

DECLARED = FlowFolder(ROOT)


def list_flows() -> tuple[str, ...]:
    """The names of all flows."""
    return DECLARED.names()


def has_flow(name: str) -> bool:
    return DECLARED.has(name)


def find_flow(name: str) -> Flow:
    """PermanentError if there is none, or its file is none."""
    return DECLARED.find(name)


def list_generated() -> tuple[str, ...]:
    """Those whose rows are simulated: a tick starts `generators/{flow}.py`."""
    return tuple(flow.name for flow in DECLARED.read_all() if flow.generator is not None)


def list_exported() -> tuple[str, ...]:
    """Those that are exported from a Firestore collection, without a generator too."""
    return tuple(flow.name for flow in DECLARED.read_all() if flow.collection is not None)


def load_contract(name: str) -> Contract:
    """What a row of the flow must look like, compiled; PermanentError as `find_flow`."""
    return DECLARED.contract(name)
