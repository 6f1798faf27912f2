"""Read a replay command: the same JSON whether a person, the CLI or a script published it. Pure."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ripple.deployment.settings import Settings
from ripple.errors import PermanentError
from ripple.flows import list_flows
from ripple.wire.known_keys import check_keys
from ripple.wire.paths import parse_bronze_name, split_uri

MAX_OBJECTS = 1000
MAX_BYTES = 300_000
"""Of all targets together: a replay is one fact and one document."""
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A command that makes sense: `targets` by kind are URIs, one batch number, a held flow, or ids of dead letters (none
    means all). Of what is to be forgotten: URIs, `batch:N`, or `key:FLOW:HASH`."""

    kind: str
    targets: tuple[str, ...] = ()
    flow: str = ""
    day_from: str = ""
    day_to: str = ""
    dry_run: bool = False
    replay_id: str = ""


def read_request(body: Mapping[str, Any], settings: Settings) -> Request:
    """The request in a command's body; PermanentError says what is missing or wrong."""
    kind = body.get("kind")
    known = _KINDS.get(kind) if isinstance(kind, str) else None
    if known is None:
        raise _malformed(f"kind {kind!r:.200} is not among {', '.join(_KINDS)}")
    keys, read = known
    check_keys(body, (*_KEYS, *keys), "command_malformed", f"a {kind} replay")
    dry_run, replay_id = body.get("dry_run", False), body.get("replay_id", "")
    if not isinstance(dry_run, bool):
        raise _malformed("dry_run is true or false")
    if not isinstance(replay_id, str) or (replay_id and not _ID.fullmatch(replay_id)):
        raise _malformed("a replay_id holds letters, digits, '.', '_' and '-', at most 100")
    return Request(kind=str(kind), dry_run=dry_run, replay_id=replay_id, **read(body, settings))


def replay_id_of(message_id: str) -> str:
    """The name of a replay that brings none: the same message is the same replay."""
    return "replay-" + hashlib.sha256(message_id.encode()).hexdigest()[:12]


def check_size(uris: tuple[str, ...]) -> tuple[str, ...]:
    """The URIs, each once; PermanentError if they are too many for one replay."""
    once = tuple(dict.fromkeys(uris))
    if len(once) > MAX_OBJECTS or sum(map(len, once)) > MAX_BYTES:
        raise PermanentError(
            "replay_too_large",
            f"{len(once)} objects are more than one replay takes ({MAX_OBJECTS}, or {MAX_BYTES} bytes of names)",
            "replay a shorter window, one after the other",
        )
    return once


def _read_objects(body: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    uris = body.get("objects")
    if not isinstance(uris, list) or not all(isinstance(uri, str) for uri in uris):
        raise _malformed("an object replay lists `objects`, gs:// URIs")
    for uri in uris:
        bucket, name = split_uri(uri)
        if bucket == settings.bucket("bronze"):
            parse_bronze_name(name)
        elif bucket != settings.bucket("landing"):
            raise PermanentError("uri_malformed", f"{uri!r:.300} is in neither the Bronze nor the landing bucket")
    return {"targets": check_size(tuple(uris))}


def _read_flow(body: Mapping[str, Any], _settings: Settings) -> dict[str, Any]:
    flow = body.get("flow")
    if flow not in list_flows():
        raise PermanentError("flow_unknown", f"no flow {flow!r:.200}; known: {', '.join(list_flows())}")
    days = [_read_day(body.get(name), name) for name in ("from", "to")]
    return {"flow": flow, "day_from": days[0], "day_to": days[1]}


def _read_day(given: object, name: str) -> str:
    try:
        return dt.date.fromisoformat(given if isinstance(given, str) else "").isoformat()
    except ValueError:
        raise _malformed(f"a flow replay names `from` and `to` as YYYY-MM-DD; {name} is {given!r:.100}") from None


def _read_batch(body: Mapping[str, Any], _settings: Settings) -> dict[str, Any]:
    batch = body.get("batch")
    if not isinstance(batch, int) or isinstance(batch, bool) or not 1 <= batch < 2**53:
        raise _malformed(f"a {body['kind']} replay names its `batch`, a number from 1")
    return {"targets": (str(batch),)}


def _read_resume(body: Mapping[str, Any], _settings: Settings) -> dict[str, Any]:
    flow = body.get("flow")
    if flow not in list_flows():
        raise PermanentError("flow_unknown", f"no flow {flow!r:.200}; known: {', '.join(list_flows())}")
    return {"targets": (flow,)}


def _read_forgotten(body: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    given = [name for name in ("objects", "batch", "key_hash") if name in body]
    if len(given) != 1 or ("flow" in body) != (given == ["key_hash"]):
        raise _malformed(
            "say one thing to forget: `objects`, a `batch`, or a `flow` and the `key_hash` of one of its keys"
        )
    if given == ["objects"]:
        targets = _read_objects(body, settings)["targets"]
        if not all(uri.startswith(f"gs://{settings.bucket('bronze')}/") for uri in targets):
            raise _malformed("objects of Bronze are forgotten; a manifest is none")
        return {"targets": targets}
    if given == ["batch"]:
        return {"targets": (f"batch:{_read_batch(body, settings)['targets'][0]}",)}
    (flow,) = _read_resume(body, settings)["targets"]
    if not isinstance(body["key_hash"], str) or not _HASH.fullmatch(body["key_hash"]):
        raise _malformed("a key_hash is the SHA-256 of the key, in lower hex")
    return {"targets": (f"key:{flow}:{body['key_hash']}",)}


def _read_dead_letters(body: Mapping[str, Any], _settings: Settings) -> dict[str, Any]:
    ids, everything = body.get("ids", []), body.get("all", False)
    if not isinstance(everything, bool):
        raise _malformed("all is true or false")
    if not isinstance(ids, list) or not all(isinstance(one, str) and one for one in ids) or bool(ids) == everything:
        raise _malformed('a dead-letter replay lists `ids`, or says `"all": true`')
    if len(ids) > MAX_OBJECTS or any(len(one) > 100 for one in ids):
        raise _malformed(f"ids are at most {MAX_OBJECTS}, of at most 100 characters")
    return {"targets": tuple(dict.fromkeys(ids))}


def _malformed(reason: str) -> PermanentError:
    return PermanentError("command_malformed", reason, "see docs/replay.md")


_KEYS = ("kind", "dry_run", "replay_id")
_KINDS: Mapping[str, tuple[tuple[str, ...], Callable[[Mapping[str, Any], Settings], dict[str, Any]]]] = {
    "object": (("objects",), _read_objects),
    "flow": (("flow", "from", "to"), _read_flow),
    "batch": (("batch",), _read_batch),
    "training": (("batch",), _read_batch),
    "dead-letter": (("ids", "all"), _read_dead_letters),
    "resume": (("flow",), _read_resume),
    "forget": (("objects", "batch", "flow", "key_hash"), _read_forgotten),
}
"""What a command of each kind says beside `_KEYS`, and who reads it."""
