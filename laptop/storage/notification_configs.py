"""The JSON API's notificationConfigs: which changes of a bucket go to which Pub/Sub topic."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

from laptop.http import ApiError
from laptop.storage.answers import answer, read_fields
from laptop.storage.catalog import ObjectCatalog, Record

_TOPIC = re.compile(r"(//pubsub\.googleapis\.com/)?projects/[^/]+/topics/[^/]+")
_FORMATS = ("JSON_API_V1", "NONE")


class NotificationConfigs:
    def __init__(self, catalog: ObjectCatalog) -> None:
        self._catalog = catalog

    async def create(self, request: Request) -> Response:
        """400 for a topic or payload format that no message could be published with."""
        body = await read_fields(request)
        bucket = self._bucket(request)
        if not _TOPIC.fullmatch(str(body.get("topic", ""))):
            raise ApiError(400, f"Invalid Google Cloud Pub/Sub topic: {body.get('topic')!r}", reason="invalid")
        if body.get("payload_format") not in _FORMATS:
            raise ApiError(400, f"payload_format must be one of {', '.join(_FORMATS)}", reason="required")
        config = {"kind": "storage#notification", "etag": "1", **body}
        return answer(request, self._catalog.add_notification(bucket, config))

    async def list(self, request: Request) -> Response:
        found = self._catalog.notifications(self._bucket(request))
        return answer(request, {"kind": "storage#notifications", "items": found})

    async def get(self, request: Request) -> Response:
        return answer(request, self._find(request))

    async def delete(self, request: Request) -> Response:
        self._catalog.drop_notification(request.path_params["bucket"], self._find(request)["id"])
        return Response(status_code=204)

    def _find(self, request: Request) -> Record:
        wanted = request.path_params["id"]
        for config in self._catalog.notifications(self._bucket(request)):
            if config["id"] == wanted:
                return config
        raise ApiError(404, f"no notification {wanted}")

    def _bucket(self, request: Request) -> str:
        return str(self._catalog.require_bucket(request.path_params["bucket"])["name"])
