"""Faults: a relay between Pub/Sub and the functions that delivers every message twice and out of order."""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from google.cloud.pubsub_v1 import SubscriberClient
from google.pubsub_v1.types import PushConfig


@dataclass(slots=True)
class Relay:
    """Holds each push for up to `most_seconds`, passes it on, and passes it on again: at once, or as long later."""

    seed: int
    most_seconds: float = 1.0
    endpoints: dict[str, str] = field(default_factory=dict)
    arrived: list[int] = field(default_factory=list)
    passed_on: list[tuple[int, int]] = field(default_factory=list)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(64))
    _server: ThreadingHTTPServer | None = None
    _under_way: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> str:
        relay = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                self.send_response(relay.deliver_twice(self.path, body, dict(self.headers)))
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._pool.shutdown()

    def reroute(self, client: SubscriberClient, project: str) -> None:
        """Put the relay before every push subscription of the project; all else of its configuration stays."""
        assert self._server is not None
        for subscription in client.list_subscriptions(project=f"projects/{project}"):
            if subscription.push_config.push_endpoint:
                config = PushConfig.deserialize(PushConfig.serialize(subscription.push_config))
                path = f"/{subscription.name.rsplit('/', 1)[1]}"
                self.endpoints[path] = config.push_endpoint
                config.push_endpoint = f"http://127.0.0.1:{self._server.server_port}{path}"
                client.modify_push_config(subscription=subscription.name, push_config=config)

    def deliver_twice(self, path: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status of the first delivery. A seed and a number make the delays, so that a failure can be repeated."""
        with self._lock:
            number = len(self.arrived)
            self.arrived.append(number)
            self._under_way += 1
        dice = random.Random(f"{self.seed}/{number}")
        first, second = dice.uniform(0, self.most_seconds), dice.uniform(0, self.most_seconds)
        again = first if dice.random() < 0.5 else first + second
        self._pool.submit(self._deliver_late, again, number, self.endpoints[path], body, headers)
        return self._deliver(first, number, self.endpoints[path], body, headers)

    def _deliver_late(self, delay: float, number: int, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        try:
            self._deliver(delay, number, url, body, headers)
        finally:
            with self._lock:
                self._under_way -= 1

    def _deliver(self, delay: float, number: int, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        time.sleep(delay)
        at = urlsplit(url)
        connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=300)
        wanted = {name: value for name, value in headers.items() if name.lower() not in ("host", "connection")}
        try:
            connection.request("POST", at.path or "/", body, wanted)
            status = connection.getresponse().status
        except OSError:
            return 503
        finally:
            connection.close()
        with self._lock:
            self.passed_on.append((number, status))
        return status

    def is_quiet(self) -> bool:
        """Whether every second delivery has been answered."""
        with self._lock:
            return self._under_way == 0
