"""What a release brings back: flows that are held are tried again, and files that were parked join a batch again."""

from __future__ import annotations

from collections.abc import Mapping

from cli.replaying import publish_replay
from ripple.gateways.edge import open_edge
from ripple.replaying.commands import MAX_OBJECTS
from ripple.state.files import FILES, PARKED
from ripple.state.head import HEAD


def resume_waiting(environ: Mapping[str, str]) -> str:
    """Ask for all of it, 1,000 files at most; what was asked for, in words, empty if nothing waits."""
    documents = open_edge(environ).documents
    flows = sorted(one.flow for one in HEAD.get(documents).holds)
    for flow in flows:
        publish_replay(environ, {"kind": "resume", "flow": flow})
    uris = sorted({file.uri for _, file in FILES.find(documents, MAX_OBJECTS, batch=PARKED)})
    if uris:
        publish_replay(environ, {"kind": "object", "objects": uris})
    said = [f"{', '.join(flows)} resumed"] if flows else []
    return "; ".join([*said, *([f"{len(uris)} parked files replayed"] if uris else [])])
