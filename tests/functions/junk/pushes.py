"""Push requests that are almost right: the golden examples of every fact, finalize, command and tick, with one to three things changed."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Request
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

from ripple.deployment.routes import FINALIZED, MESSAGE_PUBLISHED

EXAMPLES = Path(__file__).parents[2] / "ripple" / "wire" / "events"
FACTS: dict[str, Any] = {file.stem: json.loads(file.read_text())["data"] for file in sorted(EXAMPLES.glob("*.json"))}
DEEP = "@deep@"
"""Stands for arrays nested 10,000 deep: no encoder writes them."""
HUGE = "@huge@"
"""Stands for a text of 10 MB."""

NASTY: list[Any] = [
    None, True, False, 0, -1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 10**30, 10**4000, -0.0, 0.5, 1e308,
    float("nan"), float("inf"), float("-inf"), [], {}, [None], [[]], [[["x"]]], {"": 1}, {"__x__": 1}, {"a": {"b": [{}]}},
    "", " ", "\0", "a\0b", "\ud800", "\udfff\ud800", "\ufffd", "\u202eabc", "e\u0301", "\u200b", "\U0001f4a5", "a/b", "/",
    "//", ".", "..", "../../x", "__x__", "x" * 257, "x" * 1025, "x" * 1501, "\u00e9" * 800, "x" * 70_000, HUGE, DEEP, "a\nb",
    "a\rb", "\x1b[31m", "gs://", "gs://b", "gs://ripple-test-bronze/", "gs://ripple-test-bronze/a//b", "gs://B/x", "gs://b/x\n",
    "gs://ripple-test-bronze/" + "x" * 1025, "gs://ripple-test-bronze/clickstream/dt=2026-01-01/" + "\u00e9" * 480 + ".jsonl",
    "gs://ripple-test-other/clickstream/dt=2026-01-01/a.jsonl", "1", "-1", "1e3", "0x10", "1_0", " 7", "7.0", "\u0663", "\uff11",
    "\u00b2", "9" * 20, "9" * 5000, "NaN", "null", "None", "true", "now", "today", "2026-02-30", "2026-13-01", "20260101",
    "2026-W01-1", "2026-001", "0001-01-01", "9999-12-31", "10000-01-01", "2026-01-01T00:00:00", "2026-01-01T24:00:00Z",
    "2026-01-01T00:00:60Z", "2026-01-01T00:00:00+25:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    "2026-01-01T00:00:00z", "${jndi:ldap://x}", "'; DROP TABLE x; --", "{{7*7}}", "%s%n", "--from",
]  # fmt: skip
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
VALUES = (st.sampled_from(NASTY) | PLAIN).map(copy.deepcopy)


def write(document: object) -> bytes:
    text = json.dumps(document)
    text = text.replace(f'"{DEEP}"', "[" * 10_000 + "]" * 10_000)
    return text.replace(HUGE, "x" * 10_000_000).encode()


def _places(document: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [at] if at else []
    if isinstance(document, dict):
        return found + [place for key, value in document.items() for place in _places(value, (*at, key))]
    if isinstance(document, list):
        return found + [place for key, value in enumerate(document) for place in _places(value, (*at, key))]
    return found


@st.composite
def changed(draw: Any, document: Any) -> Any:
    """The document with up to three fields dropped, added or given another value."""
    document = copy.deepcopy(document)
    for _ in range(draw(st.integers(0, 3))):
        places = _places(document)
        if not places:
            break
        *way, last = draw(st.sampled_from(places))
        holder = document
        for key in way:
            holder = holder[key]
        if draw(st.integers(0, 5)) == 0:
            del holder[last]
            continue
        if isinstance(holder, dict) and draw(st.integers(0, 5)) == 0:
            last = draw(st.sampled_from(["", "extra", "__x__", "a.b", "a" * 1600]))
        holder[last] = draw(VALUES)
    return document


OBJECT = {
    "kind": "storage#object",
    "bucket": "ripple-test-bronze",
    "name": "clickstream/dt=2026-01-01/part-1.jsonl",
    "generation": "1001",
    "size": "9",
    "metadata": {"ripple-batch": "b-1"},
}
MANIFEST_OBJECT = OBJECT | {"bucket": "ripple-test-landing", "name": "sales/b-1.json", "generation": "1002"}
COMMANDS: dict[str, Any] = {
    "tick": {
        "from": "2026-01-01",
        "to": "2026-01-02",
        "flows": ["startups", "sales"],
        "scheduled_at": "2026-01-02T00:00:00+00:00",
        "arguments": {"customers": 5, "dirt": "0.02"},
        "generate": True,
    },
    "live tick": {"generate": False, "flows": ["sales"]},
    "objects": {"kind": "object", "objects": ["gs://ripple-test-bronze/clickstream/dt=2026-01-01/part-1.jsonl"]},
    "flow": {"kind": "flow", "flow": "clickstream", "from": "2026-01-01", "to": "2026-01-02", "replay_id": "r-1"},
    "batch": {"kind": "batch", "batch": 1, "replay_id": "r-1"},
    "training": {"kind": "training", "batch": 7},
}
CONTEXT = {
    "ce-specversion": "1.0",
    "ce-id": "e-1",
    "ce-source": "//ripple/functions/x",
    "ce-time": "2026-03-01T12:00:00.123456789Z",
    "ce-correlationid": "c-1",
    "ce-traceparent": "00-1-2-01",
    "content-type": "application/json",
}


def request_of(headers: Mapping[str, str], body: bytes) -> Request:
    """As a server hands it over: header values are the wire's bytes as Latin-1."""
    environ = EnvironBuilder(method="POST", data=body).get_environ()
    for name, value in headers.items():
        wire = value.encode("utf-8", "surrogatepass").decode("latin-1")
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = wire
    return Request(environ)


HEADER_TEXT = st.one_of(
    st.sampled_from([value for value in NASTY if isinstance(value, str) and value not in (DEEP, HUGE)]),
    st.text(st.characters(), max_size=20),
)


@st.composite
def contexts(draw: Any, kind: str) -> dict[str, str]:
    """The headers of an event; of one in three, up to two are missing, garbled or of another kind."""
    headers = CONTEXT | {"ce-type": kind}
    if draw(st.integers(0, 2)):
        return headers
    for name in draw(
        st.lists(st.sampled_from([*headers, "ce-extra", "ce-data", "ce-extensions", "ce-message"]), max_size=2)
    ):
        if draw(st.booleans()):
            headers.pop(name, None)
        else:
            headers[name] = draw(HEADER_TEXT)
    return headers


@st.composite
def events(draw: Any, kind: str, example: Any) -> tuple[dict[str, str], bytes]:
    """In binary mode, or in structured mode with the envelope changed as well."""
    data = draw(changed(example))
    if draw(st.integers(0, 3)):
        return draw(contexts(kind)), write(data)
    named = {name.removeprefix("ce-"): value for name, value in CONTEXT.items() if name.startswith("ce-")}
    return {"content-type": "application/cloudevents+json"}, write(draw(changed(named | {"type": kind, "data": data})))


@st.composite
def commands(draw: Any, example: Any) -> tuple[dict[str, str], bytes]:
    data = write(draw(changed(example)))
    message = {
        "data": base64.b64encode(data).decode(),
        "messageId": "m-1",
        "publishTime": "2026-03-01T12:00:00Z",
        "attributes": {"kind": "batch"},
    }
    push = draw(changed({"message": message, "subscription": "s"})) if draw(st.booleans()) else {"message": message}
    if draw(st.integers(0, 3)) == 0:
        return draw(contexts(MESSAGE_PUBLISHED)), write(push)
    return {"content-type": "application/json"}, write(push)


FINALIZES = events(FINALIZED, OBJECT) | events(FINALIZED, MANIFEST_OBJECT)
STATED = st.one_of(*(events(kind, data) for kind, data in FACTS.items()))
COMMANDED = st.one_of(*(commands(body) for body in COMMANDS.values()))
RAW = st.tuples(
    st.dictionaries(st.sampled_from([*CONTEXT, "ce-type", "ce-x"]), HEADER_TEXT, max_size=6),
    st.binary(max_size=300)
    | st.sampled_from([b"", b"\xff\xfe", b"\xef\xbb\xbf{}", b"[" * 100_000, b'{"message":' * 5000]),
)
PUSHES = st.one_of(FINALIZES, STATED, COMMANDED, RAW)
