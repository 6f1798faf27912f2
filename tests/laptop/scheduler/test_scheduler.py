"""When jobs fire: once for every scheduled time, by a clock that the test drives."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from google.auth.credentials import AnonymousCredentials
from google.cloud.scheduler_v1 import CloudSchedulerClient, Job
from google.cloud.scheduler_v1.services.cloud_scheduler.transports import CloudSchedulerRestTransport

from laptop.pubsub.server import start as start_pubsub
from laptop.scheduler.server import next_time, start
from tests.laptop.pubsub.test_pubsub import Bus

PARENT = "projects/demo-proj/locations/us-central1"


def test_a_job_fires_once_for_every_scheduled_time(launch: Callable[..., object], tmp_path: Path) -> None:
    pubsub = launch(start_pubsub).address
    bus = Bus(pubsub)
    topic, subscription = bus.make("ticks")
    moment = [dt.datetime(2026, 1, 1, 2, 59, tzinfo=dt.UTC)]

    async def start_driven(hosting):
        return await start(hosting, lambda: moment[0])

    host = launch(start_driven, state=tmp_path, pubsub=pubsub).address
    transport = CloudSchedulerRestTransport(host=host, url_scheme="http", credentials=AnonymousCredentials())
    client = CloudSchedulerClient(transport=transport)
    target = {"topic_name": topic, "data": b"{}", "attributes": {"kind": "batch"}}
    client.create_job(
        parent=PARENT,
        job=Job(name=f"{PARENT}/jobs/daily", schedule="0 3 * * *", time_zone="Etc/UTC", pubsub_target=target),
    )
    assert bus.pull(subscription) == []
    moment[0] += dt.timedelta(minutes=1)
    fired = bus.pull(subscription) + bus.pull(subscription) + bus.pull(subscription)
    assert [dict(received.message.attributes) for received in fired] == [{"kind": "batch"}]


def test_a_schedule_is_read_in_its_own_time_zone() -> None:
    job = {"schedule": "0 3 * * *", "timeZone": "Europe/Berlin"}
    assert next_time(job, dt.datetime(2026, 1, 1, tzinfo=dt.UTC)) == dt.datetime(2026, 1, 1, 2, tzinfo=dt.UTC)
