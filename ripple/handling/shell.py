"""The shell of every function: an HTTP request becomes a delivery, an error becomes a status code.

Poison must not come back for a day: what can never work becomes a dead letter with its reason and is acknowledged with a 2xx.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from cloudevents.exceptions import GenericException
from cloudevents.http import CloudEvent, from_http
from cloudevents.sdk.converters.structured import is_structured
from flask import Request

from ripple.deployment.routes import FINALIZED, MESSAGE_PUBLISHED
from ripple.errors import PermanentError
from ripple.handling import log_records
from ripple.handling.stating import Cause
from ripple.ports.holders import HasDeadLetterPublisher
from ripple.rows.timestamps import read_moment
from ripple.wire.dead_letters import HISTORY, MESSAGE_ID, PUBLISHED
from ripple.wire.events import CATALOGUE, Fact, decode_fact
from ripple.wire.limits import (
    ATTRIBUTE_BYTES,
    ATTRIBUTES,
    BODY_BYTES,
    MESSAGE_BYTES,
    OBJECT_NAME_BYTES,
    fit,
    read_count,
)
from ripple.wire.paths import ObjectRef, split_uri
from ripple.wire.strict_json import read_json


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
P = TypeVar("P", bound=HasDeadLetterPublisher)
Handler = Callable[[Payload, Cause, P], None]


def serve(request: Request, stage: str, react: Handler[P], build: Callable[[], P]) -> tuple[str, int]:
    """Handle a request to this process, which logs to stdout, with the ports that `build` makes once."""
    log_records.write_to_stdout()
    return handle(request, stage, react, build())


def handle(request: Request, stage: str, react: Handler[P], ports: P) -> tuple[str, int]:
    """Decode, call the stage, encode: 204 done, 200 dead-lettered (it says why), 500 try again."""
    try:
        payload, cause = decode(dict(request.headers), request.get_data())
        if isinstance(payload, Fact):
            log_records.write("received", stage, payload, cause.correlation_id)
        react(payload, cause, ports)
    except PermanentError as error:
        _refuse(request, stage, error, ports)
        return f"{fit(str(error))}\n", 200
    return "", 204


def decode(headers: Mapping[str, str], body: bytes) -> tuple[Payload, Cause]:
    """A push request as what it says and why it came; PermanentError names what is malformed."""
    if len(body) > BODY_BYTES:
        raise PermanentError("event_too_large", f"the body has {len(body)} bytes, over {BODY_BYTES}")
    headers = {name.lower(): value for name, value in headers.items()}
    if is_structured(headers):
        document = _read_structured(body)
        if isinstance(document.get("message"), Mapping):
            return _decode_command(document)
    try:
        event = from_http(headers, body, data_unmarshaller=_unmarshal)
    except (GenericException, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise PermanentError("event_malformed", f"not a CloudEvent: {error!s:.300}", "see docs/events.md") from error
    kind, data = str(event["type"]), event.data
    time = _parse_time(event.get("time"))
    event_id = _attribute(event, "id") or ""
    correlation = _attribute(event, "correlationid") or event_id
    if kind == FINALIZED:
        finalized = _read_finalized(data)
        return finalized, Cause(event_id=event_id, correlation_id=_batch_of(finalized), time=time)
    if kind == MESSAGE_PUBLISHED:
        return _decode_command(_expect_mapping(data))
    cause = Cause(
        event_id=event_id,
        correlation_id=correlation,
        time=time,
        traceparent=_attribute(event, "traceparent"),
        replay_of=_attribute(event, "replayof"),
    )
    return decode_fact(kind, data), cause


def _batch_of(finalized: Finalized) -> str:
    return finalized.metadata.get("ripple-batch") or finalized.ref.uri


def _attribute(event: CloudEvent, name: str) -> str | None:
    """A context attribute as text: in structured mode it may be any JSON, and of any length."""
    value = event.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > ATTRIBUTE_BYTES:
        raise PermanentError("event_malformed", f"{name} is no text of at most {ATTRIBUTE_BYTES} characters")
    return value


def _unmarshal(data: object) -> Any:
    return read_json(data if isinstance(data, bytes) else str(data).encode())


def _read_structured(body: bytes) -> Mapping[str, Any]:
    """A body that carries its own envelope: a wrapped Pub/Sub push, or a CloudEvent in structured mode."""
    try:
        return _expect_mapping(read_json(body))
    except ValueError as error:
        raise PermanentError("event_malformed", f"neither ce- headers nor a JSON body: {error}") from None


def _expect_mapping(data: object) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise PermanentError("event_malformed", "the body is not a JSON object")
    return data


def _decode_command(wrapped: Mapping[str, Any]) -> tuple[Command, Cause]:
    message = _expect_mapping(wrapped.get("message"))
    try:
        body = read_json(base64.b64decode(message.get("data") or "e30=", validate=True))
    except (ValueError, binascii.Error, TypeError) as error:
        raise PermanentError("command_malformed", f"the message data is not base64 of JSON: {error}") from None
    attributes = message.get("attributes") or {}
    if not isinstance(attributes, Mapping):
        raise PermanentError("command_malformed", "the message's attributes are no object")
    # A command that comes back from the dead letters is the one it was: a tick's time and a replay's id follow from these.
    identity = attributes.get(MESSAGE_ID) or message.get("messageId") or message.get("message_id")
    time = _parse_time(attributes.get(PUBLISHED) or message.get("publishTime") or message.get("publish_time"))
    if not isinstance(identity, str) or len(identity) > 256:
        raise PermanentError("command_malformed", "the message has no messageId")
    command = Command(body=_expect_mapping(body), attributes=attributes, published_at=time)
    return command, Cause(event_id=identity, correlation_id=identity, time=time)


def _parse_time(text: object) -> dt.datetime:
    try:
        return read_moment(text)
    except ValueError as error:
        raise PermanentError("event_malformed", f"time {error}") from None


def _read_finalized(data: object) -> Finalized:
    resource = _expect_mapping(data)
    try:
        bucket, name = split_uri("gs://" + "/".join((resource["bucket"], resource["name"])))
        ref = ObjectRef(bucket=bucket, name=name, generation=read_count(resource["generation"]))
        metadata = {k: str(v) for k, v in (resource.get("metadata") or {}).items()}
        finalized = Finalized(ref=ref, size=read_count(resource.get("size", 0)), metadata=metadata)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise PermanentError("event_malformed", f"the object resource lacks or garbles {error!s:.300}") from None
    if len(ref.name.encode()) > OBJECT_NAME_BYTES:
        raise PermanentError("path_unsafe", f"no object has a name of more than {OBJECT_NAME_BYTES} bytes")
    return finalized


def _refuse(request: Request, stage: str, error: PermanentError, ports: HasDeadLetterPublisher) -> None:
    """With its reason, where people look for dead letters: within what Pub/Sub takes of attributes and of data."""
    headers = [(name.lower(), value) for name, value in request.headers.items()]
    named = [(name, value) for name, value in headers if name.startswith("ce-") or name in HISTORY]
    kept = {fit(name, 256): fit(value) for name, value in named[: ATTRIBUTES - 10]}
    kind = kept.get("ce-type", "")
    reason = {
        "ripple-stage": stage,
        "ripple-code": error.code,
        "ripple-reason": fit(str(error)),
        "ripple-known-type": str(kind in CATALOGUE).lower(),
    }
    fields = {"action": "dead_lettered", "stage": stage, "type": kind, "code": error.code}
    log_records.LOGGER.error("%s made a dead letter of an event: %s", stage, error.code, extra={"fields": fields})
    ports.publisher.publish_dead_letter(request.get_data()[:MESSAGE_BYTES] or b" ", kept | reason)
