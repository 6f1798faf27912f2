"""Where things lie in the lake: parse and build `gs://` URIs and Bronze object names. Pure."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from ripple.errors import PermanentError
from ripple.flows import has_flow, list_flows
from ripple.rows.timestamps import read_day
from ripple.wire.limits import BRONZE_NAME_BYTES

_URI = re.compile(r"^gs://([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])/(.+)$", re.S)
_BRONZE = re.compile(
    r"^(?P<flow>[a-z][a-z0-9_]*)/dt=(?P<dt>\d{4}-\d{2}-\d{2})/(?P<stem>[^/]+?)\."
    r"(?P<format>(?:jsonl|json|csv|tsv|avro)(?:\.gz|\.zst)?|parquet)$"
)
_UNSAFE = re.compile(r"[\x00-\x1f\x7f]|//|(^|/)\.\.?(/|$)|^/|\ufffd")


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectRef:
    """One generation of one object."""

    bucket: str
    name: str
    generation: int

    @property
    def uri(self) -> str:
        return f"gs://{self.bucket}/{self.name}"

    @property
    def key(self) -> str:
        """The id of its document in `files`: a function of bucket, name and generation only."""
        return hashlib.sha256(f"{self.bucket}/{self.name}#{self.generation}".encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class BronzeName:
    """What a Bronze object's name says: flow, first day of the slice it holds, stem, and format: `jsonl`, `csv.gz`, `parquet` ..."""

    flow: str
    dt: str
    stem: str
    format: str


def split_uri(uri: str) -> tuple[str, str]:
    """`gs://bucket/name` as `(bucket, name)`; PermanentError for anything else."""
    match = _URI.fullmatch(uri)
    if match is None:
        raise PermanentError("uri_malformed", f"{uri!r:.200} is not gs://bucket/object")
    return match[1], match[2]


def parse_bronze_name(name: str) -> BronzeName:
    """Read `{flow}/dt=YYYY-MM-DD/{stem}.{format}`; PermanentError names what is wrong."""
    if len(name.encode()) > BRONZE_NAME_BYTES:
        raise PermanentError("path_unsafe", f"object name {name[:80]!r}... has more than {BRONZE_NAME_BYTES} bytes")
    if _UNSAFE.search(name):
        raise PermanentError("path_unsafe", f"object name {name!r} has control characters, '//', '.' or '..' parts")
    match = _BRONZE.match(name)
    if match is None:
        raise PermanentError(
            "path_unknown",
            f"object name {name!r} is not <flow>/dt=YYYY-MM-DD/<name>.<format>, "
            "where the format is jsonl, json, csv, tsv or avro, with .gz or .zst if need be, or parquet",
        )
    if not has_flow(match["flow"]):
        raise PermanentError("flow_unknown", f"no flow {match['flow']!r}; known: {', '.join(list_flows())}")
    try:
        read_day(match["dt"])
    except ValueError:
        raise PermanentError("path_unknown", f"dt={match['dt']} in {name!r} is not a calendar date") from None
    return BronzeName(**match.groupdict())


def bronze_name(flow: str, day: str, stem: str, format: str) -> str:
    return f"{flow}/dt={day}/{stem}.{format}"


def correction_name(origin: BronzeName, content: bytes) -> str:
    """Beside the object it corrects; by its content, so that dropping it twice is dropping it once."""
    digest = hashlib.sha256(content).hexdigest()[:12]
    return bronze_name(origin.flow, origin.dt, f"{origin.stem}-corrected-{digest}", "jsonl")


def quarantine_name(name: BronzeName, generation: int) -> str:
    """The quarantine object of a Bronze object's bad rows."""
    return f"{name.flow}/dt={name.dt}/{name.stem}-{generation}.jsonl"


def checked_name(flow: str, source: ObjectRef, contract_digest: str, content_digest: str) -> str:
    """The checked object of one generation: what was accepted of it under a contract, by its content."""
    where = hashlib.sha256(source.uri.encode()).hexdigest()[:16]
    return f"data/{flow}/{where}-{source.generation}-{contract_digest}-{content_digest}.parquet"


def run_folder(batch: int, epoch: int, part: int) -> str:
    return f"batch={batch}/epoch={epoch}/part={part}"


def claimed_list_name(batch: int) -> str:
    """The control object that says which files a batch claimed, a line of JSON a file."""
    return f"batches/batch={batch}/claimed.jsonl"


def file_list_name(batch: int, epoch: int, part: int) -> str:
    """The control object that lists the files of one part of an ELT run."""
    return f"batches/{run_folder(batch, epoch, part)}/files.jsonl"


def manifest_name(batch: int, epoch: int, part: int, flow: str) -> str:
    """The object beside a run's data, in the same bucket, that lists what the run reads of a flow."""
    return f"manifests/{run_folder(batch, epoch, part)}/{flow}.txt"
