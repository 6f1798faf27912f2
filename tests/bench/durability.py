"""What fsync costs: acknowledged writes a second of each server with and without it, in turns (`python -m tests.bench.durability`)."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import httpx
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from google.pubsub_v1 import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

DATABASE = "projects/demo-proj/databases/(default)"
Write = Callable[[int], object]


def write_objects(address: str) -> Write:
    client = httpx.Client(base_url=f"http://{address}")
    client.post("/storage/v1/b", json={"name": "lake"}).raise_for_status()
    path, body = "/upload/storage/v1/b/lake/o?uploadType=media&name=", b"x" * 4096
    return lambda number: client.post(f"{path}{os.getpid()}-{number}", content=body).raise_for_status()


def publish_messages(address: str) -> Write:
    client = PublisherClient(transport=PublisherGrpcTransport(channel=grpc.insecure_channel(address)))
    topic = client.create_topic(name="projects/demo-proj/topics/bench").name
    return lambda _number: client.publish(topic=topic, messages=[{"data": b"x" * 512}])


def commit_documents(count: int) -> Callable[[str], Write]:
    def connect(address: str) -> Write:
        client = FirestoreClient(transport=FirestoreGrpcTransport(channel=grpc.insecure_channel(address)))

        def commit(number: int) -> object:
            names = [f"{DATABASE}/documents/bench/{number}-{place}" for place in range(count)]
            writes = [{"update": {"name": name, "fields": {"n": {"integer_value": number}}}} for name in names]
            return client.commit(request={"database": DATABASE, "writes": writes})

        return commit

    return connect


def add_secrets(address: str) -> Write:
    client, path = httpx.Client(base_url=f"http://{address}"), "/v1/projects/demo-proj/secrets"
    secret = {"replication": {"automatic": {}}}
    return lambda number: client.post(path, params={"secretId": f"s{number}"}, json=secret).raise_for_status()


CASES: dict[str, tuple[str, Callable[[str], Write], int]] = {
    "storage: objects of 4 KiB": ("storage", write_objects, 1),
    "pubsub: messages, one a call": ("pubsub", publish_messages, 1),
    "firestore: documents, one a commit": ("firestore", commit_documents(1), 1),
    "firestore: documents, 100 a commit": ("firestore", commit_documents(100), 100),
    "secrets: records": ("secrets", add_secrets, 1),
}


def measure(seconds: float, rounds: int, folder: Path) -> dict[str, dict[str, float]]:
    """Median writes a second by case, `kill` without and `power` with fsync."""
    results = {}
    for case, (service, connect, each) in CASES.items():
        rates: dict[str, list[float]] = {"kill": [], "power": []}
        servers = {mode: _start(service, folder / f"{service}-{mode}-{each}", mode) for mode in rates}
        writes = {mode: connect(address) for mode, (_, address) in servers.items()}
        number = 0
        for _ in range(rounds):
            for mode, write in writes.items():
                began, done = time.perf_counter(), 0
                while (spent := time.perf_counter() - began) < seconds:
                    write(number := number + 1)
                    done += 1
                rates[mode].append(done * each / spent)
        for process, _ in servers.values():
            process.kill()
            process.wait()
        results[case] = {mode: round(statistics.median(found)) for mode, found in rates.items()}
    return results


def _start(service: str, folder: Path, mode: str) -> tuple[subprocess.Popen[str], str]:
    words = [
        sys.executable,
        "-m",
        f"laptop.{service}",
        "--state",
        str(folder),
        *(["--fsync"] if mode == "power" else []),
    ]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().split()[-1]


def flushes(folder: Path, count: int = 500) -> float:
    """Milliseconds of one 4 KiB write with fsync on this disk, the median."""
    times = []
    with (folder / "probe").open("wb") as file:
        for _ in range(count):
            began = time.perf_counter()
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.0, help="a round and mode")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="on the disk to measure")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        result: dict[str, Any] = {"fsync_ms": round(flushes(Path(name)), 3)}
        result |= measure(given.seconds, given.rounds, Path(name))
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
