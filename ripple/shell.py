"""The shell of every function: an HTTP request becomes a delivery, an error becomes a status code.

Poison must not come back for a day: what can never work is buried with its reason and acknowledged with a 2xx.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from cloudevents.exceptions import GenericException
from cloudevents.http import from_http
from flask import Request

from ripple.errors import PermanentError
from ripple.events import CATALOGUE, Fact, decode_fact
from ripple.gateways.edge import Edge
from ripple.paths import ObjectRef
from ripple.replaying.dead_letters import HISTORY, MESSAGE_ID, PUBLISHED
from ripple.routes import FINALIZED, MESSAGE_PUBLISHED
from ripple.settings import read_settings
from ripple.stating import Cause

_LOG = logging.getLogger("ripple")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finalized:
    """A new object generation, with its custom metadata and size in bytes."""

    ref: ObjectRef
    size: int
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A message on a command topic: its JSON, its attributes, the time Pub/Sub took it."""

    body: Mapping[str, Any]
    attributes: Mapping[str, str]
    published_at: dt.datetime


Payload = Fact | Finalized | Command
Stage = Callable[[Payload, Cause, Edge], None]


@cache
def build_edge() -> Edge:
    """The one edge of this process."""
    return Edge(read_settings(os.environ))


def serve(request: Request, stage: str, react: Stage) -> tuple[str, int]:
    """Decode, call the stage, encode: 204 done, 200 buried (it says why), 500 try again."""
    edge = build_edge()
    try:
        payload, cause = decode(dict(request.headers), request.get_data())
        react(payload, cause, edge)
    except PermanentError as error:
        _bury(request, stage, error, edge)
        return f"{error}\n", 200
    return "", 204


def decode(headers: Mapping[str, str], body: bytes) -> tuple[Payload, Cause]:
    """A push request as what it says and why it came; PermanentError names what is malformed."""
    wrapped = _wrapped_message(headers, body)
    if wrapped is not None:
        return _decode_command(wrapped)
    try:
        event = from_http({name.lower(): value for name, value in headers.items()}, body, data_unmarshaller=_parse_json)
    except (GenericException, ValueError, TypeError, KeyError, AttributeError) as error:
        raise PermanentError("event_malformed", f"not a CloudEvent: {error}", "see docs/events.md") from error
    kind, data = str(event["type"]), event.data
    time = _parse_time(event.get("time"))
    event_id = str(event["id"])
    correlation = str(event.get("correlationid") or event_id)
    if kind == FINALIZED:
        finalized = _read_finalized(data)
        return finalized, Cause(event_id=event_id, correlation_id=_batch_of(finalized), time=time)
    if kind == MESSAGE_PUBLISHED:
        return _decode_command(_expect_mapping(data))
    cause = Cause(
        event_id=event_id,
        correlation_id=correlation,
        time=time,
        traceparent=event.get("traceparent"),
        replay_of=event.get("replayof"),
    )
    return decode_fact(kind, data), cause


def _batch_of(finalized: Finalized) -> str:
    return finalized.metadata.get("ripple-batch") or finalized.ref.uri


def _parse_json(data: bytes | str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the body is not JSON: {error}") from None


def _expect_mapping(data: object) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise PermanentError("event_malformed", "the body is not a JSON object")
    return data


def _wrapped_message(headers: Mapping[str, str], body: bytes) -> Mapping[str, Any] | None:
    if "ce-type" in {name.lower() for name in headers}:
        return None
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) and isinstance(data.get("message"), dict) else None


def _decode_command(wrapped: Mapping[str, Any]) -> tuple[Command, Cause]:
    message = _expect_mapping(wrapped.get("message"))
    try:
        body = _parse_json(base64.b64decode(message.get("data") or "e30=", validate=True))
    except (ValueError, binascii.Error, TypeError) as error:
        raise PermanentError("command_malformed", f"the message data is not base64 of JSON: {error}") from None
    attributes = message.get("attributes") or {}
    if not isinstance(attributes, Mapping):
        raise PermanentError("command_malformed", "the message's attributes are no object")
    # A command that comes back from the dead letters is the one it was: a tick's time and a replay's id follow from these.
    identity = str(attributes.get(MESSAGE_ID) or message.get("messageId") or message.get("message_id") or "")
    time = _parse_time(attributes.get(PUBLISHED) or message.get("publishTime") or message.get("publish_time"))
    if not identity:
        raise PermanentError("command_malformed", "the message has no messageId")
    command = Command(body=_expect_mapping(body), attributes=attributes, published_at=time)
    return command, Cause(event_id=identity, correlation_id=identity, time=time)


def _parse_time(text: object) -> dt.datetime:
    try:
        parsed = dt.datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        raise PermanentError("event_malformed", f"time {text!r} is not RFC 3339") from None
    if parsed.tzinfo is None:
        raise PermanentError("event_malformed", f"time {text!r} has no zone")
    try:
        return parsed.astimezone(dt.UTC)
    except OverflowError:
        raise PermanentError("event_malformed", f"time {text!r} is outside the years 1 to 9999 in UTC") from None


def _read_finalized(data: object) -> Finalized:
    resource = _expect_mapping(data)
    try:
        ref = ObjectRef(
            bucket=str(resource["bucket"]), name=str(resource["name"]), generation=int(resource["generation"])
        )
        metadata = {str(k): str(v) for k, v in (resource.get("metadata") or {}).items()}
        return Finalized(ref=ref, size=int(resource.get("size", 0)), metadata=metadata)
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise PermanentError("event_malformed", f"the object resource lacks or garbles {error}") from None


def _bury(request: Request, stage: str, error: PermanentError, edge: Edge) -> None:
    headers = {name.lower(): value[:1024] for name, value in request.headers.items()}
    kept = {name: value for name, value in headers.items() if name.startswith("ce-") or name in HISTORY}
    kind = kept.get("ce-type", "")
    reason = {
        "ripple-stage": stage,
        "ripple-code": error.code,
        "ripple-reason": str(error)[:1024],
        "ripple-known-type": str(kind in CATALOGUE).lower(),
    }
    _LOG.error("%s buried an event: %s", stage, error)
    edge.publisher.bury(request.get_data()[:1_000_000] or b" ", kept | reason)
