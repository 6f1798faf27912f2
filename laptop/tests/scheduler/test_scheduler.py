"""When jobs fire: once for every scheduled time, by a clock that the test drives."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from pathlib import Path

from google.auth.credentials import AnonymousCredentials
from google.cloud.scheduler_v1 import CloudSchedulerClient, Job
from google.cloud.scheduler_v1.services.cloud_scheduler.transports import CloudSchedulerRestTransport

from laptop.ports import hold_port
from laptop.pubsub.server import start as start_pubsub
from laptop.scheduler.server import next_time, start
from laptop.tests.pubsub.test_pubsub import Bus

PARENT = "projects/demo-proj/locations/us-central1"


class Clock:
    """A scheduler whose time the test drives."""

    def __init__(self, launch: Callable[..., object], folder: Path, pubsub: str) -> None:
        self.now = dt.datetime(2026, 1, 1, 2, 59, tzinfo=dt.UTC)

        async def start_driven(hosting):
            return await start(hosting, lambda: self.now)

        host = launch(start_driven, state=folder, pubsub=pubsub).address
        transport = CloudSchedulerRestTransport(host=host, url_scheme="http", credentials=AnonymousCredentials())
        self.client = CloudSchedulerClient(transport=transport)

    def make_daily(self, topic: str) -> None:
        target = {"topic_name": topic, "data": b"{}", "attributes": {"kind": "batch"}}
        job = Job(name=f"{PARENT}/jobs/daily", schedule="0 3 * * *", time_zone="Etc/UTC", pubsub_target=target)
        self.client.create_job(parent=PARENT, job=job)


def test_a_job_fires_once_for_every_scheduled_time(launch: Callable[..., object], tmp_path: Path) -> None:
    pubsub = launch(start_pubsub).address
    bus = Bus(pubsub)
    topic, subscription = bus.make("ticks")
    clock = Clock(launch, tmp_path, pubsub)
    clock.make_daily(topic)
    assert bus.pull(subscription) == []
    clock.now += dt.timedelta(minutes=1)
    fired = bus.pull(subscription) + bus.pull(subscription) + bus.pull(subscription)
    assert [dict(received.message.attributes) for received in fired] == [{"kind": "batch"}]


def test_a_time_at_which_pubsub_was_away_is_fired_when_it_is_back(
    launch: Callable[..., object], tmp_path: Path
) -> None:
    with hold_port("127.0.0.1", 0, 0) as holder:
        port = holder.getsockname()[1]
    clock = Clock(launch, tmp_path, f"127.0.0.1:{port}")
    clock.make_daily("projects/demo-proj/topics/ticks")
    clock.now += dt.timedelta(minutes=1)
    time.sleep(1.2)
    bus = Bus(launch(start_pubsub, port=port).address)
    _, subscription = bus.make("ticks")
    fired: list[object] = []
    until = time.monotonic() + 30
    while not fired and time.monotonic() < until:
        fired = bus.pull(subscription)
    fired += bus.pull(subscription) + bus.pull(subscription)
    assert len(fired) == 1


def test_a_schedule_is_read_in_its_own_time_zone() -> None:
    job = {"schedule": "0 3 * * *", "timeZone": "Europe/Berlin"}
    assert next_time(job, dt.datetime(2026, 1, 1, tzinfo=dt.UTC)) == dt.datetime(2026, 1, 1, 2, tzinfo=dt.UTC)
