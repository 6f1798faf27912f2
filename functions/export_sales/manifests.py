"""Manifests: what a generator promises of a batch, read strictly from the landing bucket."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ripple.errors import PermanentError
from ripple.ports.holders import BucketPorts
from ripple.rows.timestamps import read_day
from ripple.wire.known_keys import check_keys
from ripple.wire.limits import is_name
from ripple.wire.paths import ObjectRef
from ripple.wire.strict_json import read_json

MANIFEST_BYTES = 64 * 1024
_KEYS = (
    "batch_id",
    "flow",
    "collection",
    "window_from",
    "window_to",
    "count",
    "first_key",
    "last_key",
    "checksum",
    "id_sum",
)
"""All that a generator writes; `flow`, `window_to` and the two keys are for people who look."""
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchManifest:
    """The collection, how many documents, the checksum of their sorted ids, and the sum that slices can add up to.

    Manifests of before there were slices have no sum.
    """

    batch_id: str
    collection: str
    window_from: str
    count: int
    checksum: str
    id_sum: str | None
    uri: str


def fetch_manifest(ref: ObjectRef, ports: BucketPorts) -> BatchManifest:
    """The manifest that is there; PermanentError names every field that is wrong."""
    return read_manifest(_read_small(ref, ports), ref)


def _read_small(ref: ObjectRef, ports: BucketPorts) -> bytes:
    """A manifest's bytes. Its size is asked of the store: the event's own may be anything, and memory is bounded."""
    if ref.bucket != ports.settings.bucket("landing"):
        raise PermanentError("bucket_unexpected", f"{ref.uri} is not in {ports.settings.bucket('landing')}")
    size = ports.objects.stat(ref.bucket, ref.name, ref.generation).size
    if size > MANIFEST_BYTES:
        raise PermanentError(
            "manifest_malformed", f"{ref.uri} has {size} bytes; a manifest has at most {MANIFEST_BYTES}"
        )
    return ports.objects.read(ref)


def read_manifest(data: bytes, ref: ObjectRef) -> BatchManifest:
    """The manifest in an object of the landing bucket; PermanentError names every field that is wrong."""
    try:
        body = read_json(data)
    except ValueError as error:
        raise PermanentError("manifest_malformed", f"{ref.uri} is not JSON: {error}") from None
    if isinstance(body, dict):
        check_keys(body, _KEYS, "manifest_malformed", ref.uri)
    kinds = {"batch_id": str, "collection": str, "window_from": str, "count": int, "checksum": str}
    wrong = [n for n, kind in kinds.items() if not isinstance(body, dict) or type(body.get(n)) is not kind]
    if not wrong:
        wrong = _find_impossible(body)
    if wrong:
        raise PermanentError("manifest_malformed", f"{ref.uri}: wrong or missing: {', '.join(wrong)}", fields=wrong)
    return BatchManifest(uri=ref.uri, id_sum=body.get("id_sum"), **{name: body[name] for name in kinds})


def _find_impossible(body: dict[str, object]) -> list[str]:
    wrong = [name for name in ("batch_id", "collection") if not is_name(body[name])]
    try:
        read_day(body["window_from"])
    except ValueError:
        wrong.append("window_from")
    wrong += ["count"] if int(str(body["count"])) < 0 else []
    promised = [name for name in ("checksum", "id_sum") if body.get(name) is not None]
    return wrong + [name for name in promised if not _SHA256.fullmatch(str(body[name]))]
