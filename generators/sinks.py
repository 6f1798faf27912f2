"""Where objects go: Cloud Storage, or a folder. Written whole or not at all, and never twice."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol


class Sink(Protocol):
    """A store of objects in buckets."""

    def uri(self, bucket: str, name: str) -> str: ...

    def create(self, bucket: str, name: str, source: Path, metadata: Mapping[str, str]) -> bool:
        """Write the file as an object unless there is one of that name; whether it was written."""
        ...


class CloudSink:
    """Cloud Storage; the client is the caller's."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def uri(self, bucket: str, name: str) -> str:
        return f"gs://{bucket}/{name}"

    def create(self, bucket: str, name: str, source: Path, metadata: Mapping[str, str]) -> bool:
        from google.api_core.exceptions import GoogleAPICallError

        from ripple.gateways.objects import says_it_exists

        blob = self._client.bucket(bucket).blob(name)
        blob.metadata = dict(metadata)
        try:
            blob.upload_from_filename(str(source), content_type=_content_type(name), if_generation_match=0)
        except GoogleAPICallError as error:
            if not says_it_exists(error):
                raise
            return False
        return True


class FolderSink:
    """A folder with one folder a bucket. Sources must lie on the same disk; an object's metadata is not kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def uri(self, bucket: str, name: str) -> str:
        return f"{bucket}/{name}"

    def create(self, bucket: str, name: str, source: Path, metadata: Mapping[str, str]) -> bool:  # noqa: ARG002
        path = self._folder / bucket / name
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source, path)
        except FileExistsError:
            return False
        return True


def _content_type(name: str) -> str:
    return {"jsonl": "application/x-ndjson", "json": "application/json"}.get(
        name.rpartition(".")[2], "application/octet-stream"
    )
