"""Whatever is pushed becomes a payload or a permanent error, never a crash that comes back for a day."""

from __future__ import annotations

import base64
import datetime as dt
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripple.deployment.routes import FINALIZED, MESSAGE_PUBLISHED
from ripple.errors import PermanentError
from ripple.handling.shell import Command, Finalized, decode
from ripple.wire.events import CATALOGUE, EltRunStarted, Envelope

TIME = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
FACT = EltRunStarted(batch=1, epoch=2, flows=("sales",), files=3, execution="e")
ENVELOPE = Envelope(fact=FACT, source="//ripple/functions/start_elt", time=TIME, correlation_id="c", causation_id="p")
OBJECT = {"bucket": "b-bronze", "name": "sales/dt=2026-01-01/a b.parquet", "generation": "17", "size": "9"}
EVENT = {
    "Ce-Specversion": "1.0",
    "Ce-Id": "n-1",
    "Ce-Type": FINALIZED,
    "Ce-Source": "//storage.googleapis.com/projects/_/buckets/b-bronze",
    "Ce-Subject": "objects/sales/dt=2026-01-01/a%20b.parquet",
    "Ce-Bucket": "b-bronze",
    "Ce-Time": "2026-03-01T12:00:00.5Z",
    "Content-Type": "application/json",
}


def finalized(headers: dict[str, str] | None = None, **resource: Any) -> tuple[Any, Any]:
    return decode(EVENT | (headers or {}), json.dumps(OBJECT | resource).encode())


def wrapped(**message: Any) -> bytes:
    full = {
        "data": base64.b64encode(b'{"flows": ["sales"]}').decode(),
        "messageId": "m-1",
        "publishTime": "2026-03-01T12:00:00Z",
    }
    return json.dumps({"message": full | message, "subscription": "s"}).encode()


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded", "text/plain"])
def test_an_unwrapped_push_is_a_fact_whatever_its_content_type_says(content_type: str) -> None:
    payload, cause = decode(ENVELOPE.attributes() | {"content-type": content_type}, ENVELOPE.body())
    assert payload == FACT
    assert (cause.event_id, cause.correlation_id, cause.time) == (FACT.id, "c", TIME)


def test_the_trace_context_goes_on() -> None:
    headers = ENVELOPE.attributes() | {"ce-traceparent": "00-1-2-01"}
    assert decode(headers, ENVELOPE.body())[1].traceparent == "00-1-2-01"


def test_a_finalize_event_is_an_object_generation_named_by_its_data() -> None:
    payload, cause = finalized()
    assert isinstance(payload, Finalized)
    assert (payload.ref.name, payload.ref.generation, payload.size) == (OBJECT["name"], 17, 9)
    assert cause.time == TIME + dt.timedelta(milliseconds=500)


def test_a_finalize_event_correlates_by_its_batch_or_else_by_its_object() -> None:
    assert finalized(metadata={"ripple-batch": "b-1"})[1].correlation_id == "b-1"
    assert finalized()[1].correlation_id == "gs://b-bronze/sales/dt=2026-01-01/a b.parquet"


def test_a_wrapped_push_is_a_command() -> None:
    payload, cause = decode({"Content-Type": "application/json"}, wrapped(attributes={"kind": "batch"}))
    assert payload == Command(body={"flows": ["sales"]}, attributes={"kind": "batch"}, published_at=TIME)
    assert (cause.event_id, cause.correlation_id) == ("m-1", "m-1")


def test_a_command_that_the_framework_made_a_cloud_event_is_the_same_command() -> None:
    headers = EVENT | {"Ce-Type": MESSAGE_PUBLISHED, "Ce-Source": "//pubsub.googleapis.com/projects/p/topics/t"}
    assert decode(headers, wrapped()) == decode({}, wrapped())


def test_a_command_without_data_has_an_empty_body() -> None:
    payload, _ = decode({}, wrapped(data=None))
    assert isinstance(payload, Command)
    assert payload.body == {}


BAD_PUSHES: dict[str, tuple[dict[str, str], bytes]] = {
    "nothing": ({}, b""),
    "no cloud event": ({}, b"{}"),
    "unknown type": (EVENT | {"Ce-Type": "sales.refunded.v1"}, b"{}"),
    "no id": ({k: v for k, v in EVENT.items() if k != "Ce-Id"}, json.dumps(OBJECT).encode()),
    "time without zone": (EVENT | {"Ce-Time": "2026-03-01T12:00:00"}, json.dumps(OBJECT).encode()),
    "time before the year 1": (EVENT | {"Ce-Time": "0001-01-01T00:00:00+14:00"}, json.dumps(OBJECT).encode()),
    "body is a list": (EVENT, b"[]"),
    "body is no JSON": (EVENT, b"\xff\xfe"),
    "body is deep": (EVENT, b"[" * 100_000),
    "object without a name": (EVENT, b'{"bucket": "b", "generation": "1"}'),
    "generation is no number": (EVENT, json.dumps(OBJECT | {"generation": "x"}).encode()),
    "generation is infinite": (EVENT, json.dumps(OBJECT).replace('"17"', "1e999").encode()),
    "metadata is a list": (EVENT, json.dumps(OBJECT | {"metadata": ["x"]}).encode()),
    "message is no base64": ({}, wrapped(data="%%%")),
    "message is no JSON": ({}, wrapped(data=base64.b64encode(b"x").decode())),
    "message is a list": ({}, wrapped(data=base64.b64encode(b"[]").decode())),
    "message data is a number": ({}, wrapped(data=7)),
    "message without an id": ({}, wrapped(messageId=None)),
    "message without a time": ({}, wrapped(publishTime=None)),
    "attributes are a list": ({}, wrapped(attributes=["kind"])),
}


@pytest.mark.parametrize("what", BAD_PUSHES)
def test_a_malformed_push_is_a_permanent_error(what: str) -> None:
    with pytest.raises(PermanentError):
        decode(*BAD_PUSHES[what])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
MESSAGE = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("data", "messageId", "message_id", "publishTime", "attributes"), JSON)
)
BODIES = st.one_of(
    st.binary(max_size=200),
    JSON.map(lambda value: json.dumps(value).encode()),
    MESSAGE.map(lambda value: json.dumps({"message": value}).encode()),
    st.fixed_dictionaries({}, optional=dict.fromkeys((*OBJECT, "metadata"), JSON)).map(
        lambda v: json.dumps(v).encode()
    ),
    st.fixed_dictionaries(
        {"specversion": st.just("1.0") | JSON},
        optional=dict.fromkeys(("id", "type", "source", "time", "data", "data_base64"), JSON),
    ).map(lambda value: json.dumps(value).encode()),
)
TYPES = st.sampled_from([FINALIZED, MESSAGE_PUBLISHED, *CATALOGUE]) | st.text(max_size=20)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Ce-Specversion": st.sampled_from(["1.0", "0.3"]) | st.text(max_size=5),
        "ce-id": st.text(max_size=8),
        "CE-TYPE": TYPES,
        "Ce-Source": st.text(max_size=8),
        "Ce-Time": st.just("2026-03-01T12:00:00Z")
        | st.text(max_size=30)
        | st.datetimes().map(lambda at: f"{at.isoformat()}+14:00"),
        "Content-Type": st.sampled_from(["application/json", "application/cloudevents+json"]) | st.text(max_size=20),
    },
)


@given(HEADERS, BODIES)
def test_any_push_gives_a_payload_or_a_permanent_error(headers: dict[str, str], body: bytes) -> None:
    try:
        payload, cause = decode(headers, body)
    except PermanentError:
        return
    assert payload is not None
    assert cause.time.tzinfo is not None


COMPLETE = {"Ce-Specversion": "1.0", "Ce-Id": "1", "Ce-Source": "s", "Ce-Time": "2026-03-01T12:00:00Z"}


@given(TYPES, BODIES)
def test_any_body_under_a_complete_envelope_gives_a_payload_or_a_permanent_error(kind: str, body: bytes) -> None:
    with suppress(PermanentError):
        decode(COMPLETE | {"Ce-Type": kind}, body)
