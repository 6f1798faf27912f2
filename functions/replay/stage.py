"""Turn a replay command into the fact that stages react to: objects announced again, a batch run again, a job trained again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from ripple.errors import PermanentError
from ripple.events import ReplayRunStarted
from ripple.gateways.edge import Edge
from ripple.limits import is_name
from ripple.paths import parse_bronze_name, split_uri
from ripple.ports import ObjectStore
from ripple.routes import FLOWS
from ripple.shell import Command, Payload
from ripple.stating import Cause, correlated, send, state_as
from ripple.timestamps import read_day

STAGE = "replay"
KINDS = ("object", "flow", "batch", "training")


def react(payload: Payload, cause: Cause, edge: Edge) -> None:
    """State what is replayed. The command's message id names the replay, so the same command twice is one replay."""
    if not isinstance(payload, Command):
        raise PermanentError("command_malformed", "replay reacts to commands only")
    kind, targets = find_targets(payload, edge)
    if not targets:
        raise PermanentError("replay_empty", "nothing matches this replay", "check the flow and the dates")
    replay_id = payload.body.get("replay_id") or replay_id_of(cause.event_id)
    if not is_name(replay_id):
        raise PermanentError("command_malformed", "a replay_id is 1 to 256 letters, digits and ._=:-")
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
            bucket, name = split_uri(uri)
            parse_bronze_name(name)
            if bucket != edge.settings.bucket("bronze"):
                raise PermanentError("bucket_unexpected", f"{uri} is not in {edge.settings.bucket('bronze')}")
        return "object", uris
    if kind == "flow":
        if body.get("flow") not in FLOWS:
            raise PermanentError("flow_unknown", f"no flow {body.get('flow')!r:.80}; known: {', '.join(FLOWS)}")
        return "object", list_flow(str(body["flow"]), *_days(body), edge)
    if kind in ("batch", "training"):
        batch = body.get("batch")
        if not isinstance(batch, int) or isinstance(batch, bool) or batch < 1:
            raise PermanentError("command_malformed", f"a {kind} replay names its `batch`, a number from 1")
        return str(kind), [str(batch)]
    raise PermanentError("command_malformed", f"kind {kind!r:.80} is not among {', '.join(KINDS)}")


def _days(body: Mapping[str, Any]) -> tuple[str, str]:
    try:
        return read_day(body.get("from")).isoformat(), read_day(body.get("to")).isoformat()
    except ValueError as error:
        raise PermanentError("command_malformed", f"a flow replay names from and to: {error}") from None


def list_flow(flow: str, day_from: str, day_to: str, edge: Edge) -> Sequence[str]:
    """The flow's Bronze objects with `from <= dt < to`."""
    return _within(edge.objects, edge.settings.bucket("bronze"), flow, day_from, day_to)


def _within(objects: ObjectStore, bucket: str, flow: str, day_from: str, day_to: str) -> list[str]:
    found = (stored.ref for stored in objects.list(bucket, f"{flow}/"))
    return sorted(ref.uri for ref in found if day_from <= _day_of(ref.name) < day_to)


def _day_of(name: str) -> str:
    """Empty for a stray object, which lies on no day: one of them must not keep a whole flow from its replay."""
    try:
        return parse_bronze_name(name).dt
    except PermanentError:
        return ""
