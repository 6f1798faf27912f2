"""Read a dead letter: which event died where, why and how often, and the way on which it can be sent back. Pure.

Two kinds are on one topic: what a function refused because it can never work, with `ripple-*` attributes, and what Pub/Sub
gave up after its last delivery, with `CloudPubSubDeadLetterSource*` attributes.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ripple.deployment.routes import EVENTS, FINALIZED, STAGES, CommandTrigger, FactTrigger, subscription_name
from ripple.errors import PermanentError
from ripple.wire.events import CATALOGUE, decode_fact

ATTEMPTS = "ripple-attempts"
FIRST_DEATH = "ripple-first-death"
REDRIVEN = "ripple-redriven"
MESSAGE_ID = "ripple-message-id"
PUBLISHED = "ripple-published"
HISTORY = (ATTEMPTS, FIRST_DEATH, REDRIVEN)
"""Attributes that a redriven event carries, and carries on if it dies again."""
_GAVE_UP = "CloudPubSubDeadLetterSource"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How an event is sent back: to a topic, or, for a finalize event, by announcing its object. Else why it cannot be."""

    topic: str = ""
    data: bytes = b""
    attributes: Mapping[str, str] = field(default_factory=dict)
    uri: str = ""
    refusal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """One dead letter. `id` is its message's; `attempts` counts deliveries over all its lives; times are UTC."""

    id: str
    died_at: dt.datetime
    stage: str
    code: str
    reason: str
    attempts: int
    first_death: str
    event: str
    event_id: str
    line: str
    body: bytes
    attributes: Mapping[str, str]
    way: Way

    def describe(self) -> dict[str, Any]:
        """What a person sees, the event's own body and context included."""
        shown = ("id", "died_at", "stage", "code", "reason", "attempts", "first_death", "event", "event_id")
        return {name: getattr(self, name) for name in shown} | {
            "can_be_sent_back": not self.way.refusal,
            "way_back": self.way.refusal or self.way.uri or self.way.topic,
            "attributes": dict(self.attributes),
            "body": self.body.decode(errors="replace"),
        }


def read_dead_letter(message_id: str, died_at: dt.datetime, body: bytes, attributes: Mapping[str, str]) -> DeadLetter:
    """Any message on the dead-letter topic, however garbled."""
    inner = _unwrap(body) if "ripple-stage" in attributes and "ce-type" not in attributes else None
    history = inner["attributes"] if inner else attributes
    stage, trigger = _find_stage(attributes)
    tried = _to_int(attributes.get(f"{_GAVE_UP}DeliveryCount"), 1)
    way = _find_way(body, attributes, inner, trigger)
    return DeadLetter(
        id=message_id,
        died_at=died_at,
        stage=stage,
        code=attributes.get("ripple-code", "gave_up"),
        reason=attributes.get("ripple-reason") or f"{stage} did not take it in {tried} deliveries; its log says why",
        attempts=_to_int(history.get(ATTEMPTS), 0) + tried,
        first_death=history.get(FIRST_DEATH) or died_at.isoformat(),
        event=_name_event(attributes, trigger, inner),
        event_id=attributes.get("ce-id") or (inner["id"] if inner else message_id),
        line=attributes.get("ce-correlationid") or attributes.get("ce-id") or message_id,
        body=body,
        attributes=attributes,
        way=way,
    )


def with_history(letter: DeadLetter, replay_id: str) -> dict[str, str]:
    """The attributes of the event as it goes back: its own, its history, and for a fact the replay's line."""
    line = {"ce-correlationid": replay_id, "ce-replayof": letter.line} if "ce-type" in letter.way.attributes else {}
    history = {ATTEMPTS: str(letter.attempts), FIRST_DEATH: letter.first_death, REDRIVEN: letter.id}
    return {**letter.way.attributes, **line, **history}


def _find_stage(attributes: Mapping[str, str]) -> tuple[str, FactTrigger | CommandTrigger | None]:
    """Who could not take it, and the trigger that brought it, where that is known."""
    named = attributes.get("ripple-stage", "")
    source = attributes.get(f"{_GAVE_UP}Subscription", "")
    for stage in STAGES.values():
        for trigger in stage.triggers:
            if isinstance(trigger, FactTrigger | CommandTrigger):
                by_kind = isinstance(trigger, CommandTrigger) and "ce-type" not in attributes
                if subscription_name(stage.name, trigger) == source or (stage.name == named and by_kind):
                    return stage.name, trigger
    return named or source or "unknown", None


def _find_way(
    body: bytes,
    attributes: Mapping[str, str],
    inner: Mapping[str, Any] | None,
    trigger: FactTrigger | CommandTrigger | None,
) -> Way:
    kind = attributes.get("ce-type", "")
    if kind == FINALIZED:
        return _find_object(body)
    if kind:
        return _find_fact(kind, body, attributes)
    if not isinstance(trigger, CommandTrigger):
        return Way(refusal="it is no event that any stage receives")
    if inner:
        known = {MESSAGE_ID: inner["id"], PUBLISHED: inner["published"]}
        return Way(topic=trigger.topic, data=inner["data"], attributes=_own(inner["attributes"]) | known)
    if "ripple-stage" in attributes:
        return Way(refusal="it is neither an event nor a command")
    known = {PUBLISHED: attributes.get(f"{_GAVE_UP}TopicPublishTime", "")}
    return Way(topic=trigger.topic, data=body, attributes=known | _own(attributes))


def _find_object(body: bytes) -> Way:
    try:
        data = json.loads(body)
        return Way(uri=f"gs://{data['bucket']}/{data['name']}")
    except (ValueError, KeyError, TypeError, RecursionError):
        return Way(refusal="its body names no object")


def _find_fact(kind: str, body: bytes, attributes: Mapping[str, str]) -> Way:
    if kind not in CATALOGUE:
        return Way(refusal=f"no event of type {kind!r:.100} is in the catalogue")
    try:
        decode_fact(kind, json.loads(body))
    except (ValueError, RecursionError, PermanentError) as error:
        return Way(refusal=f"its data is no {kind}: {error}"[:300])
    return Way(topic=EVENTS, data=body, attributes=_own(attributes) | {"content-type": "application/json"})


def _own(attributes: Mapping[str, str]) -> dict[str, str]:
    """The event's own attributes, without those of its deaths."""
    return {
        name: value
        for name, value in attributes.items()
        if not name.startswith((_GAVE_UP, "ripple-")) or name in (MESSAGE_ID, PUBLISHED)
    }


def _unwrap(body: bytes) -> dict[str, Any] | None:
    """The message within a push request that a function refused whole; None if there is none that can be read."""
    try:
        message = json.loads(body)["message"]
        attributes = message.get("attributes") or {}
        return {
            "id": str(message.get("messageId") or message["message_id"]),
            "published": str(message.get("publishTime") or message["publish_time"]),
            "data": base64.b64decode(message.get("data") or "e30=", validate=True),
            "attributes": {str(name): str(value) for name, value in attributes.items()},
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
        return None


def _name_event(
    attributes: Mapping[str, str], trigger: FactTrigger | CommandTrigger | None, inner: Mapping[str, Any] | None
) -> str:
    if "ce-type" in attributes:
        return attributes["ce-type"]
    kind = (inner["attributes"] if inner else attributes).get("kind")
    return f"command {kind} on {trigger.topic}" if isinstance(trigger, CommandTrigger) and kind else "no event"


def _to_int(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else otherwise
