"""Clients that write as Google's do, try again until they are answered, and note every acknowledgement."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from google.api_core.exceptions import AlreadyExists, PreconditionFailed
from google.cloud import firestore, storage
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient

T = TypeVar("T")
TOPIC, SUBSCRIPTION, COLLECTION = "torture", "torture-keep", "torture"
PATIENCE_SECONDS = 900


@dataclass(slots=True)
class Acknowledged:
    """What was answered: object name to (generation, md5), document id to its number, message ids.

    `tries` counts the calls that failed after the client library had given up, of `calls` in all.
    """

    objects: dict[str, tuple[int, str]] = field(default_factory=dict)
    documents: dict[str, int] = field(default_factory=dict)
    messages: set[str] = field(default_factory=set)
    tries: int = 0
    calls: int = 0


@dataclass(slots=True, kw_only=True)
class Writers:
    """`write` runs all of them, in threads, over `seconds`; `stop` cuts the side traffic short, never the files."""

    project: str
    log: Acknowledged = field(default_factory=Acknowledged)
    dropped: int = 0
    _side_ends: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _errors: list[BaseException] = field(default_factory=list)

    def prepare(self) -> None:
        """The topic and the subscription that keep the side messages."""
        publisher, subscriber = PublisherClient(), SubscriberClient()
        topic, subscription = f"projects/{self.project}/topics/{TOPIC}", self.subscription
        for create in (
            lambda: publisher.create_topic(name=topic),
            lambda: subscriber.create_subscription(name=subscription, topic=topic),
        ):
            try:
                create()
            except AlreadyExists:
                continue

    @property
    def subscription(self) -> str:
        return f"projects/{self.project}/subscriptions/{SUBSCRIPTION}"

    def start(self, files: Mapping[str, Path], ticks: list[dict[str, Any]], seconds: float) -> None:
        """Begin: files in four threads, ticks in one, messages and documents beside them."""
        names = list(files)
        for lane in range(4):
            mine = {name: files[name] for name in names[lane::4]}
            self._spawn(self._drop_files, mine, seconds)
        self._spawn(self._publish_ticks, ticks, seconds)
        self._spawn(self._publish_messages)
        self._spawn(self._write_documents)

    def finish(self) -> None:
        """Return when every file is acknowledged; raises what stopped a writer."""
        for thread in self._threads[:5]:
            thread.join()
        self._side_ends.set()
        for thread in self._threads:
            thread.join()
        if self._errors:
            raise self._errors[0]

    def are_busy(self) -> bool:
        return any(thread.is_alive() for thread in self._threads[:5])

    def _spawn(self, work: Callable[..., None], *arguments: Any) -> None:
        def run() -> None:
            try:
                work(*arguments)
            except BaseException as error:
                self._errors.append(error)

        thread = threading.Thread(target=run, daemon=True, name=work.__name__)
        self._threads.append(thread)
        thread.start()

    def _drop_files(self, files: Mapping[str, Path], seconds: float) -> None:
        bucket = storage.Client(project=self.project).bucket(f"{self.project}-bronze")
        for name, path in _paced(files.items(), len(files), seconds):
            self.log.objects[name] = self._until_answered(lambda n=name, p=path: _drop(bucket, n, p.read_bytes()))  # type: ignore[misc]
            self.dropped += 1

    def _publish_ticks(self, ticks: list[dict[str, Any]], seconds: float) -> None:
        publisher = PublisherClient()
        topic = f"projects/{self.project}/topics/ripple-ticks"
        for body in _paced(ticks, len(ticks), seconds):
            data = json.dumps(body).encode()
            self._until_answered(lambda d=data: publisher.publish(topic, d, kind="batch").result(60))  # type: ignore[misc]

    def _publish_messages(self) -> None:
        publisher = PublisherClient()
        topic = f"projects/{self.project}/topics/{TOPIC}"
        number = 0
        while not self._side_ends.wait(0.25):
            data = f"message {number}".encode()
            self.log.messages.add(self._until_answered(lambda d=data: publisher.publish(topic, d).result(60)))  # type: ignore[misc]
            number += 1

    def _write_documents(self) -> None:
        client = firestore.Client(project=self.project)
        number = 0
        while not self._side_ends.wait(0.25):
            reference = client.document(f"{COLLECTION}/{number:06d}")
            self._until_answered(lambda r=reference, n=number: r.set({"n": n}))  # type: ignore[misc]
            self.log.documents[reference.id] = number
            number += 1

    def _until_answered(self, call: Callable[[], T]) -> T:
        """As a source system does that must not lose anything: again and again, for a quarter of an hour."""
        until = time.monotonic() + PATIENCE_SECONDS
        self.log.calls += 1
        while True:
            try:
                return call()
            except Exception:
                self.log.tries += 1
                if time.monotonic() > until:
                    raise
                time.sleep(1)


def _drop(bucket: storage.Bucket, name: str, data: bytes) -> tuple[int, str]:
    """Create the object, or find that an earlier try, whose answer was lost, did."""
    blob = bucket.blob(name)
    md5 = base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
    try:
        blob.upload_from_string(data, content_type="application/x-ndjson", if_generation_match=0, timeout=30)
    except PreconditionFailed:
        blob = bucket.get_blob(name, timeout=30)
        if blob.md5_hash != md5:
            raise AssertionError(f"{name} was stored with other bytes") from None
    return int(blob.generation), md5


def _paced(items: Any, count: int, seconds: float) -> Iterator[Any]:
    """The items, spread over so many seconds; who is late does not wait."""
    began = time.monotonic()
    for number, item in enumerate(items):
        time.sleep(max(0.0, began + seconds * number / max(count, 1) - time.monotonic()))
        yield item
