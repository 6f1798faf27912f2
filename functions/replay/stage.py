"""Turn a replay command into the fact that stages react to: objects announced again, a batch run again, a job trained again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from ripple.errors import PermanentError
from ripple.events import ReplayRunStarted
from ripple.gateways.edge import Edge
from ripple.paths import parse_bronze_name, split_uri
from ripple.ports import ObjectStore
from ripple.routes import FLOWS
from ripple.shell import Command, Payload
from ripple.stating import Cause, correlated, send, state_as

STAGE = "replay"
KINDS = ("object", "flow", "batch", "training")


def react(payload: Payload, cause: Cause, edge: Edge) -> None:
    """State what is replayed. The command's message id names the replay, so the same command twice is one replay."""
    if not isinstance(payload, Command):
        raise PermanentError("command_malformed", "replay reacts to commands only")
    kind, targets = find_targets(payload, edge)
    if not targets:
        raise PermanentError("replay_empty", "nothing matches this replay", "check the flow and the dates")
    replay_id = str(payload.body.get("replay_id") or replay_id_of(cause.event_id))
    fact = ReplayRunStarted(replay_id=replay_id, kind=kind, targets=targets)
    send([state_as(fact, STAGE, correlated(cause, replay_id))], edge.publisher, edge.documents)


def replay_id_of(message_id: str) -> str:
    return "replay-" + hashlib.sha256(message_id.encode()).hexdigest()[:12]


def find_targets(command: Command, edge: Edge) -> tuple[str, Sequence[str]]:
    """`(kind, targets)` of a command's body: object URIs, or numbers of batches. PermanentError says what is missing."""
    body = command.body
    kind = body.get("kind")
    if kind == "object":
        uris = body.get("objects")
        if not isinstance(uris, list) or not all(isinstance(uri, str) for uri in uris):
            raise PermanentError("command_malformed", "an object replay lists `objects`, gs:// URIs")
        for uri in uris:
            parse_bronze_name(split_uri(uri)[1])
        return "object", uris
    if kind == "flow":
        return "object", list_flow(body.get("flow"), str(body.get("from")), str(body.get("to")), edge)
    if kind in ("batch", "training"):
        batch = body.get("batch")
        if not isinstance(batch, int) or isinstance(batch, bool) or batch < 1:
            raise PermanentError("command_malformed", f"a {kind} replay names its `batch`, a number from 1")
        return str(kind), [str(batch)]
    raise PermanentError("command_malformed", f"kind {kind!r} is not among {', '.join(KINDS)}")


def list_flow(flow: object, day_from: str, day_to: str, edge: Edge) -> Sequence[str]:
    """The flow's Bronze objects with `from <= dt < to`."""
    if flow not in FLOWS:
        raise PermanentError("flow_unknown", f"no flow {flow!r}; known: {', '.join(FLOWS)}")
    return _within(edge.objects, edge.settings.bucket("bronze"), str(flow), day_from, day_to)


def _within(objects: ObjectStore, bucket: str, flow: str, day_from: str, day_to: str) -> list[str]:
    found = (stored.ref for stored in objects.list(bucket, f"{flow}/"))
    return sorted(ref.uri for ref in found if day_from <= parse_bronze_name(ref.name).dt < day_to)
