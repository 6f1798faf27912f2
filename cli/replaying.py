"""Replay commands: say what would fire, or publish the command and repeat what the function confirms."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from cli.provisioning.clients import AdminClients
from ripple.gateways.edge import open_edge
from ripple.replaying.commands import read_request, replay_id_of
from ripple.replaying.gathering import make_plan
from ripple.state.replays import REPLAYS
from ripple.state.tombstones import hash_key

CONFIRM_SECONDS = 60


def compose_command(
    *, uris: Sequence[str], flow: str, window: tuple[str, str], batch: int, training: int, letters: Mapping[str, Any]
) -> dict[str, Any]:
    """The command's body; ValueError unless exactly one thing was asked for. Pure."""
    asked: list[dict[str, Any]] = []
    if uris:
        asked.append({"kind": "object", "objects": list(uris)})
    if flow or any(window):
        if not (flow and all(window)):
            raise ValueError("a flow is replayed with --flow, --from and --to")
        asked.append({"kind": "flow", "flow": flow, "from": window[0], "to": window[1]})
    asked += [{"kind": kind, "batch": n} for kind, n in (("batch", batch), ("training", training)) if n]
    if letters:
        asked.append({"kind": "dead-letter", **letters})
    if len(asked) != 1:
        raise ValueError(
            "say one thing to replay: --object, --flow with --from and --to, --batch, --training, --dead-letter ID or --all"
        )
    return asked[0]


def compose_forgetting(*, uris: Sequence[str], batch: int, key: tuple[str, str]) -> dict[str, Any]:
    """The command's body; ValueError unless exactly one thing is to be forgotten. A key leaves this machine as its hash. Pure."""
    asked: list[dict[str, Any]] = [{"objects": list(uris)}] if uris else []
    asked += [{"batch": batch}] if batch else []
    asked += [{"flow": key[0], "key_hash": hash_key(key[1])}] if any(key) else []
    if len(asked) != 1 or (any(key) and not all(key)):
        raise ValueError("say one thing to forget: --object, --batch, or --key FLOW KEY")
    return {"kind": "forget", **asked[0]}


def plan(environ: Mapping[str, str], command: Mapping[str, Any]) -> dict[str, Any]:
    """What the command would do now, as `replay.run.planned.v1` says it; PermanentError if it can do nothing."""
    edge = open_edge(environ)
    return make_plan(read_request(command, edge.settings), edge).data()


def publish_replay(environ: Mapping[str, str], command: Mapping[str, Any]) -> str:
    """Publish the command under a name of its own; the replay's id.

    A dead letter that Pub/Sub made of it is another message: by its name it is the same replay when it is sent back.
    """
    clients = AdminClients(environ)
    replay_id = replay_id_of(str(uuid.uuid4()))
    body = {"replay_id": replay_id, **command}
    topic = f"projects/{clients.project}/topics/ripple-replays"
    clients.publisher.publish(topic, json.dumps(body).encode(), kind="replay").result(30)
    return str(body["replay_id"])


def await_confirmation(
    environ: Mapping[str, str], replay_id: str, timeout_seconds: float = CONFIRM_SECONDS
) -> dict[str, Any]:
    """The plan that the function made and keeps; TimeoutError if it says nothing."""
    documents = open_edge(environ).documents
    until = time.monotonic() + timeout_seconds
    while (known := REPLAYS.get(documents, replay_id)) is None:
        if time.monotonic() > until:
            raise TimeoutError(
                f"{replay_id} is published, and the function has not confirmed it in {timeout_seconds:.0f} s; "
                f"look with: ripple events --replay {replay_id}, ripple dead-letters"
            )
        time.sleep(0.1)
    return known.plan.data()
