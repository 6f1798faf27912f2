"""A laptop without functions, one function beside it, and what both were seen to do."""

from __future__ import annotations

import json
import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from google.api_core.exceptions import DeadlineExceeded
from google.cloud.firestore import Client as FirestoreClient

from cli.bundling.contents import SOURCE
from cli.provisioning.clients import AdminClients
from tests.bundles.environments import Environment

ROOT = Path(__file__).parents[3]


@dataclass(slots=True)
class Cloud:
    """Clients of the laptop, and the messages of its subscriptions as they come."""

    clients: AdminClients
    documents: FirestoreClient
    spec: str
    pulled: dict[str, list[Any]] = field(default_factory=dict)

    def facts(self, kind: str, subject: str = "") -> list[Any]:
        """Messages of that type that were stated so far, those that `subject` is part of."""
        said = self._pull("test-events")
        return [m for m in said if m.attributes["ce-type"] == kind and subject in m.attributes["ce-subject"]]

    def dead_letters(self, stage: str) -> list[Any]:
        """Dead letters of a stage so far."""
        return [m for m in self._pull("test-dead-letters") if m.attributes.get("ripple-stage") == stage]

    def _pull(self, name: str) -> list[Any]:
        subscription = f"projects/{self.clients.project}/subscriptions/{name}"
        kept = self.pulled.setdefault(name, [])
        while True:
            try:
                found = self.clients.subscriber.pull(subscription=subscription, max_messages=100, timeout=3)
            except DeadlineExceeded:
                return kept
            if not found.received_messages:
                return kept
            kept += [received.message for received in found.received_messages]
            ids = [received.ack_id for received in found.received_messages]
            self.clients.subscriber.acknowledge(subscription=subscription, ack_ids=ids)


@dataclass(frozen=True, slots=True)
class Start:
    """How a function is started: words to which the port is added, the folder, and its environment variables."""

    command: tuple[str, ...]
    folder: Path
    env: Mapping[str, str]


def start_from_checkout(stage: str) -> Start:
    """The command is the one that functions/README.md gives, for any stage."""
    command = (sys.executable, "-m", "functions_framework", "--source", f"functions/{stage}/main.py", "--target", stage)
    return Start(command, ROOT, {**os.environ, "PYTHONPATH": str(ROOT)})


def start_from_bundle(stage: str, environment: Environment) -> Start:
    """As a cloud starts it: the framework's command in the bundle's folder, configured by variables."""
    stated = {"FUNCTION_TARGET": stage, "FUNCTION_SOURCE": SOURCE}
    return Start((str(environment.framework),), environment.files, environment.cleared(**stated))


@contextmanager
def function_alone(start: Start, env: Mapping[str, str], log: Path) -> Iterator[str]:
    """Its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*start.command, "--port", str(port)],
            cwd=start.folder,
            env={**start.env, **env},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait_until_listening(port, process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, 15)
        process.wait(20)


def _wait_until_listening(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert process.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < until, log.read_text()[-3000:]
            time.sleep(0.05)


@dataclass(frozen=True, slots=True)
class Curl:
    """What a `curl` command of the README sends."""

    headers: Mapping[str, str]
    body: str

    def send(self, address: str) -> httpx.Response:
        return httpx.post(address, content=self.body, headers=dict(self.headers), timeout=120, trust_env=False)


def read_curl(stage: str, **variables: str) -> Curl:
    """The `curl` to localhost of the function's README, with its `$VARIABLES` filled in."""
    page = (ROOT / "functions" / stage / "README.md").read_text()
    words = shlex.split(page[page.index("    curl -i localhost:8080") :].replace("\\\n", ""))
    for name, value in variables.items():
        words = [word.replace(f"${name}", value) for word in words]
    assert "$" not in "".join(words), words
    headers = dict(words[i + 1].split(": ", 1) for i, word in enumerate(words) if word == "-H")
    return Curl(headers=headers, body=words[words.index("-d") + 1])


def wrapped(body: object, kind: str, message_id: str) -> str:
    """A Pub/Sub push, as a command arrives."""
    import base64

    data = base64.b64encode(json.dumps(body).encode()).decode()
    message = {
        "messageId": message_id,
        "publishTime": "2026-01-02T03:00:00Z",
        "attributes": {"kind": kind},
        "data": data,
    }
    return json.dumps({"message": message})
