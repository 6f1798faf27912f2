"""Replay commands, as messages on `ripple-replays`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cli.deploy.clients import AdminClients


def plan_replay(uri: str, flow: str, window: tuple[str, str], batch: int, training: int) -> dict[str, Any]:
    """The command's body; empty if nothing was asked for. Pure."""
    if uri:
        return {"kind": "object", "objects": [uri]}
    if flow:
        return {"kind": "flow", "flow": flow, "from": window[0] or "0001-01-01", "to": window[1] or "9999-12-31"}
    if batch:
        return {"kind": "batch", "batch": batch}
    return {"kind": "training", "batch": training} if training else {}


def publish_replay(environ: Mapping[str, str], command: Mapping[str, Any]) -> str:
    clients = AdminClients(environ)
    topic = f"projects/{clients.project}/topics/ripple-replays"
    return str(clients.publisher.publish(topic, json.dumps(command).encode(), kind="replay").result(30))
