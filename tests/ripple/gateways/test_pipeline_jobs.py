"""A conflict is a job that is there, or one request that met another: only the first is done."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from google.api_core.exceptions import Conflict

from ripple.gateways.pipeline_jobs import VertexPipelineJobs

PARENT = "projects/p/locations/us-central1"


class Vertex(BaseHTTPRequestHandler):
    """Refuses every job with 409, and knows one."""

    def do_POST(self) -> None:
        self._answer(409, {"error": {"code": 409, "message": "conflict", "status": "ABORTED"}})

    def do_GET(self) -> None:
        known = self.path.partition("?")[0].endswith("/known")
        body = {"state": "PIPELINE_STATE_RUNNING"} if known else {"error": {"code": 404, "message": "none"}}
        self._answer(200 if known else 404, body)

    def _answer(self, status: int, body: dict[str, object]) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def jobs() -> Iterator[VertexPipelineJobs]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Vertex)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield VertexPipelineJobs(f"http://127.0.0.1:{server.server_port}", PARENT, "gs://m", "a@b")
    server.shutdown()
    server.server_close()


def test_a_job_that_is_there_was_submitted(jobs: VertexPipelineJobs) -> None:
    assert jobs.submit("known", {}, {}, {}) is False


def test_a_conflict_over_a_job_that_is_not_there_is_an_error(jobs: VertexPipelineJobs) -> None:
    with pytest.raises(Conflict):
        jobs.submit("unknown", {}, {}, {})
