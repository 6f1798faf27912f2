"""Jobs over REST, their schedules, and what is fired when: by a clock that the test drives, without Pub/Sub."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from laptop.records import Record, Records
from laptop.scheduler.server import SchedulerApi, next_time, start

PARENT = "projects/demo-proj/locations/us-central1"
NOW = dt.datetime(2026, 1, 1, 2, 59, tzinfo=dt.UTC)
TARGET = {"topicName": "projects/demo-proj/topics/t", "data": "e30=", "attributes": {"kind": "batch"}}
SCHEDULES = yaml.safe_load((Path(__file__).parent / "schedules.yaml").read_text())


@pytest.fixture(scope="module")
def http(launch: Callable[..., Any]) -> Iterator[httpx.Client]:
    async def start_driven(hosting: Any) -> Any:
        return await start(hosting, lambda: NOW)

    address = launch(start_driven, pubsub="127.0.0.1:9").address
    with httpx.Client(base_url=f"http://{address}/v1/", trust_env=False) as client:
        yield client


def make(http: httpx.Client, job_id: str, **more: Any) -> httpx.Response:
    body = {"name": f"{PARENT}/jobs/{job_id}", "schedule": "0 3 * * *", "pubsubTarget": TARGET, **more}
    return http.post(f"{PARENT}/jobs", json={key: value for key, value in body.items() if value is not None})


@pytest.mark.parametrize("case", SCHEDULES, ids=lambda case: case["name"])
def test_a_job_is_due_at_its_scheduled_times(case: dict[str, Any]) -> None:
    job = {"schedule": case["schedule"], **({"timeZone": case["zone"]} if "zone" in case else {})}
    moment = dt.datetime.fromisoformat(case["after"])
    for expected in case["next"]:
        moment = next_time(job, moment)
        assert moment == dt.datetime.fromisoformat(expected)


def test_a_new_job_is_enabled_with_its_next_time(http: httpx.Client) -> None:
    made = make(http, "new", timeZone="Europe/Berlin").json()
    assert (made["state"], made["timeZone"], made["scheduleTime"]) == (
        "ENABLED",
        "Europe/Berlin",
        "2026-01-02T02:00:00Z",
    )
    assert http.get(made["name"]).json() == made
    assert make(http, "utc").json()["timeZone"] == "Etc/UTC"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"schedule": None}, 400),
        ({"schedule": "every 5 minutes"}, 400),
        ({"schedule": "0 3 * *"}, 400),
        ({"schedule": "0 0 3 * * *"}, 400),
        ({"schedule": "61 3 * * *"}, 400),
        ({"schedule": "@daily"}, 400),
        ({"timeZone": "Mars/Olympus"}, 400),
        ({"timeZone": "+02:00"}, 400),
        ({"name": "daily"}, 400),
        ({"name": "projects/other/locations/us-central1/jobs/x"}, 400),
        ({"pubsubTarget": None, "httpTarget": {"uri": "http://x"}}, 501),
    ],
)
def test_a_job_that_could_not_fire_is_refused(http: httpx.Client, changes: dict[str, Any], status: int) -> None:
    assert make(http, "refused", **changes).status_code == status
    assert http.get(f"{PARENT}/jobs/refused").status_code == 404


def test_a_job_is_made_once_listed_and_deleted(http: httpx.Client) -> None:
    parent = "projects/listed/locations/us-central1"
    body = {"name": f"{parent}/jobs/b", "schedule": "0 3 * * *", "pubsubTarget": TARGET}
    for name in ("b", "a"):
        assert http.post(f"{parent}/jobs", json={**body, "name": f"{parent}/jobs/{name}"}).status_code == 200
    assert http.post(f"{parent}/jobs", json=body).json()["error"]["status"] == "ALREADY_EXISTS"
    assert [job["name"][-1] for job in http.get(f"{parent}/jobs").json()["jobs"]] == ["a", "b"]
    assert http.delete(f"{parent}/jobs/a").status_code == 200
    assert http.delete(f"{parent}/jobs/a").status_code == 404


def test_an_update_changes_what_its_mask_names_and_the_next_time(http: httpx.Client) -> None:
    name = make(http, "changed", description="old").json()["name"]
    body = {"schedule": "30 4 * * *", "description": "new"}
    changed = http.patch(name, params={"updateMask": "schedule"}, json=body).json()
    assert (changed["scheduleTime"], changed["description"]) == ("2026-01-01T04:30:00Z", "old")
    changed = http.patch(name, params={"updateMask": "time_zone,description"}, json={"timeZone": "Asia/Kolkata"}).json()
    assert (changed["scheduleTime"], "description" in changed) == ("2026-01-01T23:00:00Z", False)
    assert http.patch(name, json={"name": "other", "description": "d"}).json()["name"] == name
    assert http.patch(name, json={"schedule": "never"}).status_code == 400
    assert http.get(name).json()["schedule"] == "30 4 * * *"


def test_a_job_is_paused_and_resumed(http: httpx.Client) -> None:
    name = make(http, "paused").json()["name"]
    assert http.post(f"{name}:pause").json()["state"] == "PAUSED"
    assert http.patch(name, json={"description": "d"}).json()["state"] == "PAUSED"
    assert http.post(f"{name}:resume").json()["state"] == "ENABLED"
    assert http.post(f"{name}:dance").status_code == 501
    assert http.post(f"{PARENT}/jobs/none:pause").status_code == 404


class RecordedScheduler(SchedulerApi):
    """Fires into a list; while `away`, Pub/Sub is not there and the message stays due."""

    def __init__(self, records: Records, now: Callable[[], dt.datetime]) -> None:
        super().__init__(records, "127.0.0.1:9", now)
        self.fired: list[str] = []
        self.records = records

    async def fire(self, job: Record) -> None:
        self.fired.append(job["laptopDue"])
        self.records.put("job", job["name"], {name: value for name, value in job.items() if name != "laptopDue"})


def fire_at(folder: Path, job: Record, *moments: dt.datetime) -> list[str]:
    """The scheduled times that are fired when the clock shows these moments."""

    async def act() -> list[str]:
        records = Records(folder)
        records.put("job", job["name"], job)
        now = moments[0]
        api = RecordedScheduler(records, lambda: now)
        for moment in moments:
            now = moment
            await api.fire_due()
        await api.close()
        records.close()
        return api.fired

    return asyncio.run(act())


def job(**more: Any) -> Record:
    times = {"state": "ENABLED", "timeZone": "Etc/UTC", "scheduleTime": "2026-01-01T03:00:00Z"}
    return {"name": f"{PARENT}/jobs/j", "schedule": "0 3 * * *", "pubsubTarget": TARGET, **times, **more}


def at(hour: int, minute: int = 0, day: int = 1) -> dt.datetime:
    return dt.datetime(2026, 1, day, hour, minute, tzinfo=dt.UTC)


def test_a_time_is_fired_once(tmp_path: Path) -> None:
    assert fire_at(tmp_path, job(), at(2, 59), at(3), at(3), at(3, 1)) == ["2026-01-01T03:00:00Z"]


def test_each_day_has_its_time(tmp_path: Path) -> None:
    fired = fire_at(tmp_path, job(), at(3), at(3, day=2), at(4, day=3))
    assert fired == ["2026-01-01T03:00:00Z", "2026-01-02T03:00:00Z", "2026-01-03T03:00:00Z"]


def test_times_that_were_slept_through_are_fired_as_one(tmp_path: Path) -> None:
    assert fire_at(tmp_path, job(), at(12, day=5), at(3, day=6)) == ["2026-01-01T03:00:00Z", "2026-01-06T03:00:00Z"]


def test_a_paused_job_is_not_fired(tmp_path: Path) -> None:
    assert fire_at(tmp_path, job(state="PAUSED"), at(3), at(4)) == []


def test_what_an_earlier_process_left_due_is_fired_first(tmp_path: Path) -> None:
    left = job(laptopDue="2025-12-31T03:00:00Z")
    assert fire_at(tmp_path, left, at(2), at(3)) == ["2025-12-31T03:00:00Z", "2026-01-01T03:00:00Z"]
