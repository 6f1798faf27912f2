"""The choreography as an AsyncAPI 3.0 description: a channel a topic, an operation a stage and direction."""

from __future__ import annotations

from typing import Any

from ripple.deployment.routes import (
    EVENTS,
    STAGES,
    STATED_ELSEWHERE,
    TOPICS,
    CommandTrigger,
    FactTrigger,
    FinalizeTrigger,
)
from ripple.wire.events import CATALOGUE


def describe_choreography() -> dict[str, Any]:
    """The whole document, ready for YAML."""
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Ripple", "version": "1", "description": "Which stage receives and states which event."},
        "defaultContentType": "application/json",
        "channels": _channels(),
        "operations": _operations(),
        "components": {"messages": {kind: _message(kind) for kind in CATALOGUE}},
    }


def _message(kind: str) -> dict[str, Any]:
    payload = {
        "schemaFormat": "application/schema+json;version=draft-2020-12",
        "schema": {"$ref": f"schemas/{kind}.json"},
    }
    return {"name": kind, "summary": (CATALOGUE[kind].__doc__ or "").strip(), "payload": payload}


def _channels() -> dict[str, Any]:
    channels: dict[str, Any] = {topic: {"address": topic} for topic in TOPICS}
    channels[EVENTS]["messages"] = {kind: {"$ref": f"#/components/messages/{kind}"} for kind in CATALOGUE}
    for stage in STAGES.values():
        for trigger in stage.triggers:
            if isinstance(trigger, FinalizeTrigger):
                channels[f"finalize-{trigger.bucket}"] = {
                    "address": f"eventarc finalize events of the {trigger.bucket} bucket"
                }
    return channels


def _operations() -> dict[str, Any]:
    operations: dict[str, Any] = {}
    for stage in STAGES.values():
        for trigger in stage.triggers:
            operations |= _receive(stage.name, trigger)
        operations[f"{stage.name}-states"] = _send(stage.states)
    for source, kinds in STATED_ELSEWHERE.items():
        operations[f"{source.rpartition('/')[2]}-states"] = _send(kinds)
    return operations


def _receive(stage: str, trigger: FinalizeTrigger | FactTrigger | CommandTrigger) -> dict[str, Any]:
    if isinstance(trigger, FactTrigger):
        name = f"{stage}-receives-{trigger.type}"
        received = [{"$ref": f"#/channels/{EVENTS}/messages/{trigger.type}"}]
        return {name: {"action": "receive", "channel": {"$ref": f"#/channels/{EVENTS}"}, "messages": received}}
    channel = f"finalize-{trigger.bucket}" if isinstance(trigger, FinalizeTrigger) else trigger.topic
    return {f"{stage}-receives-{channel}": {"action": "receive", "channel": {"$ref": f"#/channels/{channel}"}}}


def _send(kinds: tuple[str, ...]) -> dict[str, Any]:
    messages = [{"$ref": f"#/channels/{EVENTS}/messages/{kind}"} for kind in kinds]
    return {"action": "send", "channel": {"$ref": f"#/channels/{EVENTS}"}, "messages": messages}
