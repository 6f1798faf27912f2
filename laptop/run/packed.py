"""Several functions in one process: each its own functions-framework app under its own path, with a request log."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import functions_framework
from gunicorn.app.base import BaseApplication

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def mount(targets: Mapping[str, tuple[str, str]]) -> Wsgi:
    """`{path: (target, source)}` as one WSGI app. The framework wants `/`: an empty path would be redirected."""
    apps = {
        path: functions_framework.create_app(target, source)  # type: ignore[no-untyped-call]
        for path, (target, source) in targets.items()
    }

    def dispatch(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        name, _, rest = environ.get("PATH_INFO", "/").removeprefix("/").partition("/")
        app = apps.get(name)
        if app is None:
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"no function is mounted here\n"]
        environ["SCRIPT_NAME"] = f"/{name}"
        environ["PATH_INFO"] = "/" + rest
        return _logged(app, name, environ, start_response)

    return dispatch


def _logged(app: Wsgi, name: str, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The app's answer, and a line in the process's log as Cloud Run writes of each request."""
    began, answered = time.time(), "500"

    def start(status: str, *rest: Any) -> Any:
        nonlocal answered
        answered = status[:3]
        return start_response(status, *rest)

    try:
        return app(environ, start)
    finally:
        request = {"requestUrl": f"/{name}", "status": int(answered), "latency": f"{time.time() - began:.6f}s"}
        timestamp = dt.datetime.fromtimestamp(began, dt.UTC).isoformat()
        with contextlib.suppress(OSError):
            # A log that a full disk refuses must not fail the request that it is about.
            sys.stderr.write(json.dumps({"timestamp": timestamp, "httpRequest": request}) + "\n")


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, app: Wsgi, port: int) -> None:
        self._app, self._port = app, port
        super().__init__()

    def load_config(self) -> None:
        options = {"bind": f"127.0.0.1:{self._port}", "workers": 1, "threads": 32, "timeout": 0, "loglevel": "error"}
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Wsgi:
        return self._app


if __name__ == "__main__":
    # As `python -m` would have it: functions may import what is in their container's working directory.
    sys.path.insert(0, os.getcwd())
    _Server(mount(json.loads(os.environ["LAPTOP_PACKED_TARGETS"])), int(os.environ["PORT"])).run()
