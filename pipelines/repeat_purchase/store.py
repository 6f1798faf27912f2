"""Objects of the lake. A job's objects are created once: a second run of the job reads what the first one wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from google.cloud.storage import Bucket, Client


def split_uri(uri: str) -> tuple[str, str]:
    """`gs://bucket/path` as (bucket, path); ValueError for anything else."""
    scheme, _, rest = uri.partition("://")
    bucket, _, path = rest.partition("/")
    if scheme != "gs" or not bucket:
        raise ValueError(f"not a gs:// URI: {uri!r}")
    return bucket, path


class ArtifactStore:
    """Reads and writes `gs://` URIs for one project."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list_uris(self, prefix_uri: str, suffix: str) -> list[str]:
        """URIs under a prefix that end in `suffix`, in order."""
        bucket, prefix = split_uri(prefix_uri)
        names = [blob.name for blob in self._client.list_blobs(bucket, prefix=prefix) if blob.name.endswith(suffix)]
        return [f"gs://{bucket}/{name}" for name in sorted(names)]

    def read(self, uri: str) -> bytes:
        """The object's bytes; google.api_core.exceptions.NotFound if there is none."""
        return bytes(self._blob(uri).download_as_bytes())

    def create(self, uri: str, data: bytes, content_type: str) -> bytes:
        """Create the object, or leave the one that is there; returns the bytes that now stand."""
        from google.api_core.exceptions import PreconditionFailed

        try:
            self._blob(uri).upload_from_string(data, content_type=content_type, if_generation_match=0)
        except PreconditionFailed:
            return self.read(uri)
        return data

    def create_json(self, uri: str, record: dict[str, Any]) -> dict[str, Any]:
        """`create` for a JSON record; NaN and Infinity are refused (ValueError)."""
        data = json.dumps(record, allow_nan=False, sort_keys=True, indent=1).encode()
        return dict(json.loads(self.create(uri, data, "application/json")))

    def read_json(self, uri: str) -> dict[str, Any] | None:
        """The JSON record at `uri`, None if there is none."""
        from google.api_core.exceptions import NotFound

        try:
            return self.require_json(uri)
        except NotFound:
            return None

    def require_json(self, uri: str) -> dict[str, Any]:
        """The JSON record at `uri`; google.api_core.exceptions.NotFound if there is none."""
        return dict(json.loads(self.read(uri)))

    def overwrite_json(self, uri: str, record: dict[str, Any]) -> None:
        """Replace a diagnostic record, whatever stood there."""
        self._blob(uri).upload_from_string(json.dumps(record), content_type="application/json")

    def _blob(self, uri: str) -> Any:
        bucket_name, path = split_uri(uri)
        bucket: Bucket = self._client.bucket(bucket_name)
        return bucket.blob(path)


def open_store(project: str) -> ArtifactStore:
    """A store over Google's client, which honours STORAGE_EMULATOR_HOST."""
    from google.cloud import storage

    return ArtifactStore(storage.Client(project=project))


def read_path(path: str, name: str) -> bytes:
    """One file of an artifact folder."""
    return (Path(path) / name).read_bytes()
