"""What was answered is there after kill -9, a full disk refuses and harms nothing, and what was half written is not to be seen."""

from __future__ import annotations

import json
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from google.api_core.exceptions import ServiceUnavailable
from google.auth.credentials import AnonymousCredentials
from google.cloud import scheduler_v1, secretmanager_v1, storage, workflows_v1
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport

from laptop.clients import connect
from laptop.ports import hold_port
from laptop.tests.bigquery.conftest import client_of as bigquery_of
from laptop.tests.pubsub.conftest import Bus

SERVICES = ("storage", "pubsub", "firestore", "secrets", "scheduler", "workflows", "bigquery")
PROJECT = "demo-proj"
PARENT = f"projects/{PROJECT}/locations/us-central1"
DATABASE = f"projects/{PROJECT}/databases/(default)"


class Pack:
    """Several services in one process that is killed and started again on the same ports and folder."""

    def __init__(self, folder: Path) -> None:
        holders = [hold_port("127.0.0.1", 0, 0) for _ in SERVICES]
        self.ports = {name: holder.getsockname()[1] for name, holder in zip(SERVICES, holders, strict=True)}
        for holder in holders:
            holder.close()
        self.folder = folder
        self.start()

    def start(self) -> None:
        words = [sys.executable, "-m", "laptop.host", "--services", ",".join(SERVICES), "--state", str(self.folder)]
        words += ["--ports", json.dumps(self.ports), "--project", PROJECT, "--lock", str(self.folder / "pack")]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"
        self.bus = Bus(self.at("pubsub"))

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def at(self, service: str) -> str:
        return f"127.0.0.1:{self.ports[service]}"

    @property
    def bucket(self) -> storage.Bucket:
        options = {"api_endpoint": f"http://{self.at('storage')}"}
        client = storage.Client(project=PROJECT, credentials=AnonymousCredentials(), client_options=options)
        return client.bucket("pond")

    @property
    def documents(self) -> FirestoreClient:
        return FirestoreClient(transport=FirestoreGrpcTransport(channel=grpc.insecure_channel(self.at("firestore"))))

    def rest(self, client: Any, service: str) -> Any:
        return connect(client, f"http://{self.at(service)}")


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pack]:
    made = Pack(tmp_path_factory.mktemp("pack"))
    yield made
    made.kill()


@pytest.fixture(scope="module")
def killed(pack: Pack) -> Pack:
    """Everything below was answered, then the process was killed at once and started again."""
    bucket = pack.bucket
    bucket.create()
    bucket.blob("kept").upload_from_string("still here")
    topic, subscription = pack.bus.make("kept")
    for word in (b"one", b"two", b"three"):
        pack.bus.publish(topic, word)
    done = next(one for one in pack.bus.pull(subscription, 3) if one.message.data == b"two")
    pack.bus.subscriber.acknowledge(subscription=subscription, ack_ids=[done.ack_id])
    pack.bus.subscriber.create_snapshot(name=f"projects/{PROJECT}/snapshots/kept", subscription=subscription)
    for number in range(20):
        put_document(pack, "kept", number)
    secrets = pack.rest(secretmanager_v1.SecretManagerServiceClient, "secrets")
    secret = secrets.create_secret(
        parent=f"projects/{PROJECT}", secret_id="kept", secret={"replication": {"automatic": {}}}
    )
    secrets.add_secret_version(parent=secret.name, payload={"data": b"hush"})
    target = {"topic_name": topic, "data": b"tick"}
    job = scheduler_v1.Job(name=f"{PARENT}/jobs/kept", schedule="0 3 * * *", time_zone="Etc/UTC", pubsub_target=target)
    pack.rest(scheduler_v1.CloudSchedulerClient, "scheduler").create_job(parent=PARENT, job=job)
    source = "main:\n  steps:\n    - one:\n        return: 1\n"
    workflow = workflows_v1.Workflow(source_contents=source)
    workflows = pack.rest(workflows_v1.WorkflowsClient, "workflows")
    workflows.create_workflow(parent=PARENT, workflow=workflow, workflow_id="kept").result()
    warehouse = bigquery_of(pack.at("bigquery"))
    warehouse.create_dataset("shop")
    warehouse.query_and_wait("CREATE TABLE shop.kept AS SELECT 1 AS n")
    assert warehouse.insert_rows_json("shop.kept", [{"n": 2}]) == []
    warehouse.query("SELECT 7 AS seven", job_id="kept").result()
    pack.kill()
    pack.start()
    return pack


def put_document(pack: Pack, collection: str, number: int, timeout: float = 5) -> None:
    name = f"{DATABASE}/documents/{collection}/{number:03d}"
    write = {"update": {"name": name, "fields": {"n": {"integer_value": number}}}}
    pack.documents.commit(request={"database": DATABASE, "writes": [write]}, retry=None, timeout=timeout)


def count_documents(pack: Pack, collection: str) -> int:
    parent = f"{DATABASE}/documents"
    return len(list(pack.documents.list_documents(request={"parent": parent, "collection_id": collection})))


def test_an_object_is_there_after_a_kill(killed: Pack) -> None:
    assert killed.bucket.blob("kept").download_as_bytes() == b"still here"


def test_messages_are_there_after_a_kill_and_acknowledged_ones_are_not(killed: Pack) -> None:
    subscription, data = f"projects/{PROJECT}/subscriptions/kept", list[bytes]()
    while len(data) < 2:
        data += [one.message.data for one in killed.bus.pull(subscription, 10)]
    assert sorted(data) == [b"one", b"three"]


def test_a_snapshot_is_there_after_a_kill(killed: Pack) -> None:
    subscription, snapshot = f"projects/{PROJECT}/subscriptions/kept", f"projects/{PROJECT}/snapshots/kept"
    killed.bus.subscriber.seek(request={"subscription": subscription, "snapshot": snapshot})


def test_documents_are_there_after_a_kill(killed: Pack) -> None:
    assert count_documents(killed, "kept") == 20


def test_a_secret_is_there_after_a_kill(killed: Pack) -> None:
    secrets = killed.rest(secretmanager_v1.SecretManagerServiceClient, "secrets")
    name = f"projects/{PROJECT}/secrets/kept/versions/1"
    assert secrets.access_secret_version(name=name).payload.data == b"hush"


def test_a_scheduled_job_and_a_workflow_are_there_after_a_kill(killed: Pack) -> None:
    jobs, workflows = scheduler_v1.CloudSchedulerClient, workflows_v1.WorkflowsClient
    assert killed.rest(jobs, "scheduler").get_job(name=f"{PARENT}/jobs/kept").pubsub_target.data == b"tick"
    assert killed.rest(workflows, "workflows").get_workflow(name=f"{PARENT}/workflows/kept").state.name == "ACTIVE"


def test_tables_rows_and_job_results_are_there_after_a_kill(killed: Pack) -> None:
    warehouse = bigquery_of(killed.at("bigquery"))
    assert [row.n for row in warehouse.query_and_wait("SELECT n FROM shop.kept ORDER BY n")] == [1, 2]
    assert [row.seven for row in warehouse.get_job("kept").result()] == [7]


def test_a_half_written_upload_is_not_to_be_seen_and_leaves_nothing(killed: Pack) -> None:
    with socket.create_connection(("127.0.0.1", killed.ports["storage"])) as half:
        head = "POST /upload/storage/v1/b/pond/o?uploadType=media&name=half HTTP/1.1\r\nhost: x\r\ncontent-length: 9000000\r\n\r\n"
        half.sendall(head.encode() + b"x" * 3_000_000)
        blobs = killed.folder / "storage" / "blobs"
        until = time.monotonic() + 20
        while not list(blobs.rglob("*.part")):
            assert time.monotonic() < until
        assert not killed.bucket.blob("half").exists()
        killed.kill()
    killed.start()
    assert [blob.name for blob in killed.bucket.client.list_blobs("pond")] == ["kept"]
    assert len([path for path in blobs.rglob("*") if path.is_file()]) == 1


def test_a_resumable_upload_goes_on_after_a_kill_from_what_was_acknowledged(killed: Pack) -> None:
    url = f"http://{killed.at('storage')}/upload/storage/v1/b/pond/o?uploadType=resumable&name=long"
    session = httpx.post(url, json={}).headers["location"]
    piece = b"a" * 262_144
    first = httpx.put(session, content=piece, headers={"content-range": f"bytes 0-262143/{len(piece) * 2}"})
    assert (first.status_code, first.headers["range"]) == (308, "bytes=0-262143")
    killed.kill()
    killed.start()
    asked = httpx.put(session, headers={"content-range": f"bytes */{len(piece) * 2}"})
    assert (asked.status_code, asked.headers["range"]) == (308, "bytes=0-262143")
    last = httpx.put(session, content=piece, headers={"content-range": f"bytes 262144-524287/{len(piece) * 2}"})
    assert last.json()["size"] == "524288"
    assert killed.bucket.blob("long").download_as_bytes() == piece * 2


class Full:
    """A disk that takes no byte more: every write to a file fails with EFBIG, in that process only."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def __enter__(self) -> None:
        self._limit(1)

    def __exit__(self, *_error: object) -> None:
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, size: int) -> None:
        _, hard = resource.prlimit(self._pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self._pid, resource.RLIMIT_FSIZE, (size, hard))


def test_a_full_disk_refuses_what_clients_then_try_again_and_loses_nothing(killed: Pack) -> None:
    topic, subscription = killed.bus.make("full")
    killed.bus.publish(topic, b"before")
    upload = f"http://{killed.at('storage')}/upload/storage/v1/b/pond/o?uploadType=media&name=full"
    with Full(killed.process.pid):
        assert httpx.post(upload, content=b"x" * 100_000).status_code == 503
        with pytest.raises(ServiceUnavailable, match="disk refused"):
            killed.bus.publisher.publish(topic=topic, messages=[{"data": b"lost"}], retry=None, timeout=5)
        with pytest.raises(ServiceUnavailable, match="disk refused"):
            put_document(killed, "full", 1)
        assert killed.bucket.blob("kept").download_as_bytes() == b"still here"
    assert not killed.bucket.blob("full").exists()
    assert httpx.post(upload, content=b"x" * 100_000).status_code == 200
    put_document(killed, "full", 1)
    killed.bus.publish(topic, b"after")
    killed.kill()
    killed.start()
    data: list[bytes] = []
    while len(data) < 2:
        data += [one.message.data for one in killed.bus.pull(subscription, 10)]
    assert sorted(data) == [b"after", b"before"]
    assert count_documents(killed, "full") == 1
    assert killed.bucket.blob("full").download_as_bytes() == b"x" * 100_000


def test_an_upload_that_the_disk_cut_short_goes_on_from_what_is_there(killed: Pack) -> None:
    url = f"http://{killed.at('storage')}/upload/storage/v1/b/pond/o?uploadType=resumable&name=cut"
    session, piece = httpx.post(url, json={}).headers["location"], b"b" * 262_144
    headers = {"content-range": f"bytes 0-262143/{len(piece)}"}
    with Full(killed.process.pid):
        assert httpx.put(session, content=piece, headers=headers).status_code == 503
    assert httpx.put(session, content=piece, headers=headers).json()["size"] == str(len(piece))
    assert killed.bucket.blob("cut").download_as_bytes() == piece


def test_pushes_go_on_after_the_disk_was_full(killed: Pack) -> None:
    with listening() as (address, received):
        push = {"push_endpoint": address, "no_wrapper": {}}
        topic, _ = killed.bus.make("pushed", push_config=push, dead_letter_policy=dead_letters(killed))
        killed.bus.publish(topic, b"1")
        wait_for(lambda: b"1" in received)
        with Full(killed.process.pid):
            received.clear()
            time.sleep(0.2)
        killed.bus.publish(topic, b"2")
        wait_for(lambda: b"2" in received)


def test_a_push_whose_acknowledgement_the_disk_refused_is_delivered_again(killed: Pack) -> None:
    full = Full(killed.process.pid)

    def fill_once() -> None:
        if len(received) == 1:
            full.__enter__()

    with listening(before_answer=fill_once) as (address, received):
        topic, _ = killed.bus.make("again", push_config={"push_endpoint": address, "no_wrapper": {}})
        killed.bus.publish(topic, b"x")
        wait_for(lambda: received)
        time.sleep(0.3)
        assert received == [b"x"]
        killed.kill()
        killed.start()
        wait_for(lambda: received == [b"x", b"x"])


def dead_letters(pack: Pack) -> dict[str, str]:
    topic, _ = pack.bus.make("dead")
    return {"dead_letter_topic": topic}


def wait_for(what: Callable[[], object]) -> None:
    until = time.monotonic() + 30
    while not what():
        assert time.monotonic() < until
        time.sleep(0.02)


@contextmanager
def listening(before_answer: Callable[[], object] = lambda: None) -> Iterator[tuple[str, list[bytes]]]:
    """An endpoint that takes every push: `(its address, what it received)`."""
    received: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.rfile.read(int(self.headers["content-length"])))
            before_answer()
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", received
    server.shutdown()
    server.server_close()


def test_a_second_process_does_not_serve_a_folder_that_is_served(killed: Pack) -> None:
    words = [sys.executable, "-m", "laptop.host", "--services", "secrets", "--state", str(killed.folder)]
    words += ["--ports", json.dumps(killed.ports), "--lock", str(killed.folder / "pack")]
    second = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
    assert second.returncode != 0
    assert "BlockingIOError" in second.stderr
