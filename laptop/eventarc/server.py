"""The Eventarc v1 REST API for Cloud Storage triggers, and the hop that turns a notification into a CloudEvent."""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any
from urllib.parse import quote

import grpc
import grpc.aio
import httpx
from google.protobuf.duration_pb2 import Duration
from google.pubsub_v1.types import PushConfig, RetryPolicy, Subscription, Topic
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from laptop.hosting import Hosting
from laptop.http import ApiError, HttpService, serve_http
from laptop.records import Record, Records

_PLAIN = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')
FINALIZED = "google.cloud.storage.object.v1.finalized"


class EventarcApi:
    """Triggers, and `/deliver/{trigger}` where their transport pushes to."""

    def __init__(self, records: Records, hosting: Hosting) -> None:
        self._records, self._hosting = records, hosting
        self._client = httpx.AsyncClient(timeout=httpx.Timeout(600, connect=5), trust_env=False)
        self._channel = grpc.aio.insecure_channel(hosting.endpoints["pubsub"])
        self.address = ""

    async def close(self) -> None:
        await self._client.aclose()
        await self._channel.close()

    async def create(self, request: Request) -> Response:
        name = f"{_parent(request)}/triggers/{request.query_params['triggerId']}"
        trigger = {**await request.json(), "name": name}
        if self._records.get("trigger", name):
            await self._connect(trigger)
            raise ApiError(409, f"Resource '{name}' already exists")
        await self._connect(trigger)
        self._records.put("trigger", name, trigger)
        return _operation(trigger)

    async def get(self, request: Request) -> Response:
        return JSONResponse(self._find(f"{_parent(request)}/triggers/{request.path_params['trigger']}"))

    async def list_all(self, request: Request) -> Response:
        return JSONResponse({"triggers": self._records.list("trigger", f"{_parent(request)}/triggers/")})

    async def delete(self, request: Request) -> Response:
        trigger = self._find(f"{_parent(request)}/triggers/{request.path_params['trigger']}")
        await self._call("Subscriber/DeleteSubscription", _delete_request(self._subscription(trigger)))
        self._records.delete("trigger", trigger["name"])
        return _operation(trigger)

    def _find(self, name: str) -> Record:
        found = self._records.get("trigger", name)
        if found is None:
            raise ApiError(404, f"Resource '{name}' was not found")
        return found

    async def _connect(self, trigger: Record) -> None:
        """Make the transport topic, its push subscription and the bucket's notification, unless they are there."""
        wanted = {f["attribute"]: f["value"] for f in trigger.get("eventFilters", [])}
        if wanted.get("type") != FINALIZED or "bucket" not in wanted:
            raise ApiError(400, f"the laptop serves triggers of type {FINALIZED} with a bucket")
        topic, subscription = self._topic(trigger), self._subscription(trigger)
        await self._call("Publisher/CreateTopic", Topic(name=topic))
        backoff = RetryPolicy(minimum_backoff=Duration(seconds=1), maximum_backoff=Duration(seconds=600))
        endpoint = f"http://{self.address}/deliver/{trigger['name']}"
        push = Subscription(
            name=subscription,
            topic=topic,
            push_config=PushConfig(push_endpoint=endpoint),
            ack_deadline_seconds=600,
            retry_policy=backoff,
            message_retention_duration=Duration(seconds=86400),
        )
        await self._call("Subscriber/CreateSubscription", push)
        await self._notify(wanted["bucket"], topic)

    async def _notify(self, bucket: str, topic: str) -> None:
        url = f"http://{self._hosting.endpoints['storage']}/storage/v1/b/{bucket}/notificationConfigs"
        full = f"//pubsub.googleapis.com/{topic}"
        answer = await self._client.get(url)
        if answer.status_code != 200:
            raise ApiError(400, f"bucket {bucket}: {answer.text[:200]}", status="FAILED_PRECONDITION")
        if full not in [config["topic"] for config in answer.json().get("items", [])]:
            body = {"topic": full, "event_types": ["OBJECT_FINALIZE"], "payload_format": "JSON_API_V1"}
            (await self._client.post(url, json=body)).raise_for_status()

    async def _call(self, method: str, message: Any) -> None:
        call = self._channel.unary_unary(
            f"/google.pubsub.v1.{method}",
            request_serializer=type(message).serialize,
            response_deserializer=lambda data: data,
        )
        try:
            await call(message, timeout=10)
        except grpc.aio.AioRpcError as error:
            deletes = "/Delete" in method
            if error.code() != (grpc.StatusCode.NOT_FOUND if deletes else grpc.StatusCode.ALREADY_EXISTS):
                raise ApiError(503, f"Pub/Sub: {error.details()}") from error

    def _topic(self, trigger: Record) -> str:
        return f"projects/{self._hosting.project}/topics/eventarc-{trigger['name'].rsplit('/', 1)[1]}"

    def _subscription(self, trigger: Record) -> str:
        return f"projects/{self._hosting.project}/subscriptions/eventarc-{trigger['name'].rsplit('/', 1)[1]}"

    async def deliver(self, request: Request) -> Response:
        """One notification to its destination; what the function answers is the answer that Pub/Sub receives."""
        trigger = self._find(request.path_params["trigger"])
        message = (await request.json())["message"]
        resource = json.loads(base64.b64decode(message["data"]))
        headers = event_headers(resource, message)
        try:
            uri = await self._destination(trigger)
            answer = await self._client.post(uri, content=json.dumps(resource), headers=headers)
        except httpx.HTTPError as error:
            raise ApiError(503, f"{trigger['name']} does not reach its destination: {error!r}") from error
        return Response(answer.content, status_code=answer.status_code)

    async def _destination(self, trigger: Record) -> str:
        target = trigger["destination"]
        if "httpEndpoint" in target:
            return str(target["httpEndpoint"]["uri"])
        run = target["cloudRun"]
        parent = "/".join(trigger["name"].split("/")[:4])
        url = f"http://{self._hosting.endpoints['run']}/v2/{parent}/services/{run['service']}"
        answer = await self._client.get(url)
        if answer.status_code == 404:
            raise ApiError(503, f"service {run['service']} is not deployed")
        answer.raise_for_status()
        return str(answer.json()["uri"]) + (run.get("path") or "/")


def event_headers(resource: Record, message: Record) -> dict[str, str]:
    """A finalize event in HTTP binary mode; `ce-subject` is percent-encoded as CloudEvents' HTTP binding says."""
    subject = f"objects/{resource['name']}"
    return {
        "content-type": "application/json",
        "ce-specversion": "1.0",
        "ce-id": message["messageId"],
        "ce-type": FINALIZED,
        "ce-source": f"//storage.googleapis.com/projects/_/buckets/{resource['bucket']}",
        "ce-subject": quote(subject, safe=_PLAIN),
        "ce-bucket": resource["bucket"],
        "ce-time": resource["updated"],
    }


def _parent(request: Request) -> str:
    return f"projects/{request.path_params['project']}/locations/{request.path_params['location']}"


def _delete_request(subscription: str) -> Any:
    from google.pubsub_v1.types import DeleteSubscriptionRequest

    return DeleteSubscriptionRequest(subscription=subscription)


def _operation(trigger: Record) -> Response:
    typed = {"@type": "type.googleapis.com/google.cloud.eventarc.v1.Trigger", **trigger}
    parent = "/".join(trigger["name"].split("/")[:4])
    return JSONResponse({"name": f"{parent}/operations/{uuid.uuid4()}", "done": True, "response": typed})


class _EventarcService:
    def __init__(self, http: HttpService, api: EventarcApi, records: Records) -> None:
        self._http, self._api, self._records = http, api, records

    @property
    def address(self) -> str:
        return self._http.address

    async def stop(self) -> None:
        await self._http.stop()
        await self._api.close()
        self._records.close()


async def start(hosting: Hosting) -> _EventarcService:
    """Serve Eventarc; needs the endpoints of pubsub, storage and run."""
    records = Records(hosting.state, fsync=hosting.fsync)
    api = EventarcApi(records, hosting)
    root = "/v1/projects/{project}/locations/{location}/triggers"
    routes = [
        Route(root, api.create, methods=["POST"]),
        Route(root, api.list_all),
        Route(root + "/{trigger}", api.get),
        Route(root + "/{trigger}", api.delete, methods=["DELETE"]),
        Route("/deliver/{trigger:path}", api.deliver, methods=["POST"]),
    ]
    http = await serve_http(Starlette(routes=routes), hosting, "eventarc.v1")
    api.address = http.address
    return _EventarcService(http, api, records)
