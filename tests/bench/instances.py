"""Instances of one function behind one address, one request each at a time, as Cloud Run has them; and a hand that kills them."""

from __future__ import annotations

import http.client
import os
import queue
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil

from tests.bench.measuring import ROOT, free_port

_PATIENCE_SECONDS = 10.0


@dataclass(slots=True, eq=False)
class Instance:
    port: int
    process: subprocess.Popen[bytes]
    killed: bool = False


@dataclass(slots=True)
class Instances:
    """`served` are `(event type, status, seconds)` of each request; `peak_mib` is the most that one process ever held."""

    stage: str
    env: Mapping[str, str]
    served: list[tuple[str, int, float]] = field(default_factory=list)
    kills: int = 0
    kills_at_work: int = 0
    peak_mib: float = 0.0
    _alive: list[Instance] = field(default_factory=list)
    _idle: queue.Queue[Instance] = field(default_factory=queue.Queue)
    _server: ThreadingHTTPServer | None = None
    _ending: bool = False

    def start(self, count: int) -> str:
        """The address that they share."""
        for _ in range(count):
            self._launch()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._make_handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._ending = True
        assert self._server is not None
        self._server.shutdown()
        for instance in self._alive:
            self._end(instance)

    def kill_one(self, dice: random.Random) -> None:
        """SIGKILL to one of them, at work or not; another takes its place, as Cloud Run starts one."""
        instance = dice.choice(self._alive)
        self.kills += 1
        self.kills_at_work += instance not in list(self._idle.queue)
        self._alive.remove(instance)
        self._end(instance)
        self._launch()

    def _end(self, instance: Instance) -> None:
        self._look_at(instance)
        instance.killed = True
        with suppress(ProcessLookupError):
            os.killpg(instance.process.pid, signal.SIGKILL)
        instance.process.wait()

    def _launch(self) -> None:
        port = free_port()
        words = [sys.executable, "-m", "functions_framework", "--source", f"functions/{self.stage}/main.py"]
        process = subprocess.Popen(
            [*words, "--target", self.stage, "--port", str(port), "--host", "127.0.0.1"],
            cwd=ROOT,
            env={**os.environ, **self.env, "PYTHONPATH": str(ROOT), "THREADS": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._await_port(port)
        instance = Instance(port, process)
        self._alive.append(instance)
        self._idle.put(instance)

    def _await_port(self, port: int) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with suppress(OSError):
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
                return connection.connect()
            time.sleep(0.05)
        raise RuntimeError(f"{self.stage} does not listen")

    def _make_handler(self) -> type[BaseHTTPRequestHandler]:
        instances = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                begun = time.monotonic()
                status = instances.send(self.path, body, dict(self.headers))
                kind = self.headers.get("ce-type", "command")
                instances.served.append((kind, status, time.monotonic() - begun))
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        return Handler

    def send(self, path: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status of an instance that is free, 429 while none is, 503 of one that died at it."""
        instance = self._take()
        if instance is None:
            return 429
        try:
            return self._forward(instance, path, body, headers)
        except (OSError, http.client.HTTPException):
            return 503
        finally:
            if not instance.killed:
                self._look_at(instance)
                self._idle.put(instance)

    def _take(self) -> Instance | None:
        until = time.monotonic() + _PATIENCE_SECONDS
        while (left := until - time.monotonic()) > 0 and not self._ending:
            with suppress(queue.Empty):
                instance = self._idle.get(timeout=left)
                if not instance.killed:
                    return instance
        return None

    def _forward(self, instance: Instance, path: str, body: bytes, headers: Mapping[str, str]) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", instance.port, timeout=600)
        wanted = {name: value for name, value in headers.items() if name.lower() not in ("host", "connection")}
        try:
            connection.request("POST", path or "/", body, wanted)
            return connection.getresponse().status
        finally:
            connection.close()

    def _look_at(self, instance: Instance) -> None:
        """The kernel's own mark of the worker's peak; gunicorn's parent process holds less."""
        with suppress(psutil.Error, OSError):
            family = psutil.Process(instance.process.pid).children(recursive=True)
            for pid in (instance.process.pid, *(one.pid for one in family)):
                marks = re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
                self.peak_mib = max([self.peak_mib, *(int(mark) / 1024 for mark in marks)])
