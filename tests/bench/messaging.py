"""From publish to the start of a handler, and six stages in a row that do nothing: real functions behind real push subscriptions."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient
from google.cloud.pubsub_v1.types import BatchSettings

from tests.bench.measuring import Figure, free_port, quantile, serving

_STAGES, _RUNS, _PROJECT = 6, 300, "bench"


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        with _pubsub(folder), _function(log) as endpoint:
            _connect(endpoint)
            _publish_runs()
            hops = _read_hops(log)
    single = [1000 * (began - sent) for run in hops.values() for began, sent in run.values()]
    chains = [1000 * (run[1][0] - run[_STAGES][1]) for run in hops.values()]
    p50, p99, chain = quantile(single, 0.5), quantile(single, 0.99), quantile(chains, 0.5)
    return [
        Figure(
            what=f"publish to handler start, {len(single):,} messages",
            measured=f"p50 {p50:.1f} ms, p99 {p99:.1f} ms",
            bar="4 ms, 15 ms",
            holds=p50 <= 4 and p99 <= 15,
        ),
        Figure(
            what=f"{_STAGES} no-op stages in a row, each a function behind a push subscription",
            measured=f"median {chain:.1f} ms",
            bar="30 ms",
            holds=chain <= 30,
        ),
    ]


def _publish_runs() -> None:
    publisher = PublisherClient(batch_settings=BatchSettings(max_messages=1))
    for run in range(-30, _RUNS):
        hop = {"hop": str(_STAGES), "run": str(run), "sent": str(time.time())}
        publisher.publish(f"projects/{_PROJECT}/topics/hop-{_STAGES}", b"x", **hop).result(10)
        time.sleep(0.05)
    time.sleep(1)


def _read_hops(log: Path) -> dict[int, dict[int, tuple[float, float]]]:
    """`{run: {hop: (handler began, message was published)}}`, epoch seconds; the first runs warmed up."""
    hops: dict[int, dict[int, tuple[float, float]]] = defaultdict(dict)
    for line in log.read_text().splitlines():
        run, hop, began, sent = line.split()
        if int(run) >= 0:
            hops[int(run)][int(hop)] = (float(began), float(sent))
    missing = [run for run in range(_RUNS) if len(hops[run]) != _STAGES]
    if missing:
        raise AssertionError(f"runs {missing} did not come to their end")
    return hops


def _connect(endpoint: str) -> None:
    publisher, subscriber = PublisherClient(), SubscriberClient()
    for hop in range(1, _STAGES + 1):
        topic = f"projects/{_PROJECT}/topics/hop-{hop}"
        publisher.create_topic(name=topic)
        push = {"push_endpoint": endpoint, "no_wrapper": {"write_metadata": True}}
        name = f"projects/{_PROJECT}/subscriptions/hop-{hop}"
        subscriber.create_subscription(request={"name": name, "topic": topic, "push_config": push})


@contextmanager
def _pubsub(folder: str) -> Iterator[None]:
    port = free_port()
    words = [sys.executable, "-m", "laptop.pubsub", "--port", str(port), "--state", f"{folder}/pubsub"]
    os.environ["PUBSUB_EMULATOR_HOST"] = f"127.0.0.1:{port}"
    with serving(words, port, {}):
        yield


@contextmanager
def _function(log: Path) -> Iterator[str]:
    port = free_port()
    words = [sys.executable, "-m", "functions_framework", "--source", "tests/bench/noop/main.py", "--target", "noop"]
    with serving([*words, "--port", str(port)], port, {"NOOP_LOG": str(log), "GOOGLE_CLOUD_PROJECT": _PROJECT}):
        yield f"http://127.0.0.1:{port}/"
