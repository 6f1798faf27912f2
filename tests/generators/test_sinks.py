"""An object is written once; who comes second learns it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from google.api_core.exceptions import PreconditionFailed

from generators.sinks import CloudSink, FolderSink, Sink


class RecordingStorage:
    """Keeps objects as Cloud Storage's client does, and honours `if_generation_match=0`."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, dict[str, str]]] = {}

    def bucket(self, name: str) -> RecordingBucket:
        return RecordingBucket(self, name)


class RecordingBucket:
    def __init__(self, storage: RecordingStorage, name: str) -> None:
        self.storage, self.name = storage, name

    def blob(self, name: str) -> RecordingBlob:
        return RecordingBlob(self.storage, f"{self.name}/{name}")


class RecordingBlob:
    def __init__(self, storage: RecordingStorage, path: str) -> None:
        self.storage, self.path = storage, path
        self.metadata: dict[str, str] = {}

    def upload_from_filename(self, source: str, *, content_type: str, if_generation_match: Any) -> None:
        if if_generation_match == 0 and self.path in self.storage.objects:
            raise PreconditionFailed("exists")  # type: ignore[no-untyped-call]
        self.storage.objects[self.path] = (Path(source).read_bytes(), {**self.metadata, "type": content_type})


def create_twice(sink: Sink, folder: Path) -> list[bool]:
    sources = [folder / "one", folder / "two"]
    for source in sources:
        source.write_text(source.name)
    return [sink.create("bronze", "a/b.jsonl", source, {"ripple-batch": "b1"}) for source in sources]


def test_the_first_object_of_a_name_stays_in_the_cloud(tmp_path: Path) -> None:
    storage = RecordingStorage()
    assert create_twice(CloudSink(storage), tmp_path) == [True, False]
    assert storage.objects == {"bronze/a/b.jsonl": (b"one", {"ripple-batch": "b1", "type": "application/x-ndjson"})}


def test_the_first_object_of_a_name_stays_in_a_folder(tmp_path: Path) -> None:
    assert create_twice(FolderSink(tmp_path / "out"), tmp_path) == [True, False]
    assert (tmp_path / "out/bronze/a/b.jsonl").read_bytes() == b"one"


def test_an_object_in_the_cloud_is_named_by_its_uri() -> None:
    assert CloudSink(RecordingStorage()).uri("bronze", "a/b.jsonl") == "gs://bronze/a/b.jsonl"
