"""The Cloud Scheduler v1 REST API for Pub/Sub targets, and the clock that fires them for every scheduled time.

As in the cloud, a time is never lost and may be fired twice, where a kill came between the message and its record.
"""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import logging
import zoneinfo
from collections.abc import Callable

import grpc.aio
from croniter import croniter
from google.pubsub_v1.types import PublishRequest, PublishResponse, PubsubMessage
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from laptop.hosting import Hosting
from laptop.http import ApiError, HttpService, serve_http
from laptop.loops import keep_on
from laptop.records import Record, Records

_LOG = logging.getLogger("laptop.scheduler")
_DUE = "laptopDue"
"""The scheduled time whose message is still to go."""
Now = Callable[[], dt.datetime]


def next_time(job: Record, after: dt.datetime) -> dt.datetime:
    """The first scheduled time past `after`, in the job's own time zone."""
    zone = zoneinfo.ZoneInfo(job.get("timeZone") or "Etc/UTC")
    found: dt.datetime = croniter(job["schedule"], after.astimezone(zone)).get_next(dt.datetime)
    return found.astimezone(dt.UTC)


class SchedulerApi:
    """Jobs and the one task that fires them."""

    def __init__(self, records: Records, pubsub: str, now: Now) -> None:
        self._records, self._now = records, now
        self._channel = grpc.aio.insecure_channel(pubsub)

    async def close(self) -> None:
        await self._channel.close()

    async def create(self, request: Request) -> Response:
        body = await request.json()
        name = body.get("name") or ""
        if not name.startswith(_parent(request) + "/jobs/"):
            raise ApiError(400, "Job name must be projects/P/locations/L/jobs/ID")
        if self._records.get("job", name):
            raise ApiError(409, f"Job [{name}] already exists.")
        return self._put(body)

    async def patch(self, request: Request) -> Response:
        """The fields that the mask names; all that are given where there is none."""
        job, wanted = self._find(request), await request.json()
        mask = {_camel(path.split(".")[0]) for path in request.query_params.get("updateMask", "").split(",") if path}
        changed = {field: wanted[field] for field in mask or set(wanted) if field in wanted}
        return self._put({field: job[field] for field in job.keys() - mask} | changed | {"name": job["name"]})

    def _put(self, job: Record) -> Response:
        if "pubsubTarget" not in job:
            raise ApiError(501, "the laptop serves jobs with a pubsubTarget")
        schedule, zone = str(job.get("schedule", "")), job.get("timeZone") or "Etc/UTC"
        if len(schedule.split()) != 5 or not croniter.is_valid(schedule):
            raise ApiError(400, f"schedule {schedule!r} is not cron of five fields")
        if zone not in zoneinfo.available_timezones():
            raise ApiError(400, f"timeZone {zone!r} is none of the tz database")
        job = {"state": "ENABLED", "timeZone": "Etc/UTC", **job, "scheduleTime": _text(next_time(job, self._now()))}
        self._records.put("job", job["name"], job)
        return JSONResponse(job)

    async def get(self, request: Request) -> Response:
        return JSONResponse(self._find(request))

    async def list_all(self, request: Request) -> Response:
        return JSONResponse({"jobs": self._records.list("job", f"{_parent(request)}/jobs/")})

    async def delete(self, request: Request) -> Response:
        self._records.delete("job", self._find(request)["name"])
        return JSONResponse({})

    async def act(self, request: Request) -> Response:
        """pause, resume, run."""
        job, verb = self._find(request), request.url.path.rsplit(":", 1)[1]
        if verb == "run":
            await self.fire(job)
            return JSONResponse(self._find(request))
        job["state"] = "PAUSED" if verb == "pause" else "ENABLED"
        return self._put(job)

    def _find(self, request: Request) -> Record:
        name = f"{_parent(request)}/jobs/{request.path_params['job']}"
        found = self._records.get("job", name)
        if found is None:
            raise ApiError(404, f"Job [{name}] not found.")
        return found

    async def fire(self, job: Record) -> None:
        """Publish the job's message."""
        target = job["pubsubTarget"]
        message = PubsubMessage(data=base64.b64decode(target.get("data", "")), attributes=target.get("attributes", {}))
        publish = self._channel.unary_unary(
            "/google.pubsub.v1.Publisher/Publish",
            request_serializer=PublishRequest.serialize,
            response_deserializer=PublishResponse.deserialize,
        )
        await publish(PublishRequest(topic=target["topicName"], messages=[message]), timeout=10)
        fired = {name: value for name, value in job.items() if name != _DUE}
        self._records.put("job", job["name"], fired | {"lastAttemptTime": _text(self._now())})

    async def fire_due(self) -> None:
        """Fire what is due, and what an earlier try or process left due: it stays so until Pub/Sub has the message."""
        now = self._now()
        for job in self._records.list("job"):
            if job["state"] == "ENABLED" and dt.datetime.fromisoformat(job["scheduleTime"]) <= now:
                job |= {_DUE: job["scheduleTime"], "scheduleTime": _text(next_time(job, now))}
                self._records.put("job", job["name"], job)
            if _DUE in job:
                try:
                    await self.fire(job)
                except grpc.aio.AioRpcError as error:
                    _LOG.warning("%s does not fire yet: %s", job["name"], error.details())

    async def keep_time(self) -> None:
        while True:
            await keep_on(self.fire_due)
            await asyncio.sleep(1)


def _parent(request: Request) -> str:
    return f"projects/{request.path_params['project']}/locations/{request.path_params['location']}"


def _camel(field: str) -> str:
    first, *rest = field.strip().split("_")
    return first + "".join(word.title() for word in rest)


def _text(time: dt.datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


class _SchedulerService:
    def __init__(self, http: HttpService, api: SchedulerApi, records: Records) -> None:
        self._http, self._api, self._records = http, api, records
        self._task = asyncio.create_task(api.keep_time())

    @property
    def address(self) -> str:
        return self._http.address

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._http.stop()
        await self._api.close()
        self._records.close()


async def start(hosting: Hosting, now: Now = lambda: dt.datetime.now(dt.UTC)) -> _SchedulerService:
    """Serve Cloud Scheduler; `now` may be driven."""
    records = Records(hosting.state, fsync=hosting.fsync)
    api = SchedulerApi(records, hosting.endpoints["pubsub"], now)
    root = "/v1/projects/{project}/locations/{location}/jobs"
    routes = [
        Route(root, api.create, methods=["POST"]),
        Route(root, api.list_all),
        *(Route(f"{root}/{{job}}:{verb}", api.act, methods=["POST"]) for verb in ("pause", "resume", "run")),
        Route(root + "/{job}", api.get),
        Route(root + "/{job}", api.patch, methods=["PATCH"]),
        Route(root + "/{job}", api.delete, methods=["DELETE"]),
    ]
    return _SchedulerService(await serve_http(Starlette(routes=routes), hosting, "cloudscheduler.v1"), api, records)
