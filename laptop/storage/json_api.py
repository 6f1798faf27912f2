"""The JSON API's resources: buckets, objects, notifications."""

from __future__ import annotations

import json
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from laptop.http import ApiError
from laptop.storage.catalog import Catalog, Record
from laptop.storage.listing import list_page, start_of
from laptop.storage.media import send_media
from laptop.storage.objects import Objects, stamp

_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")


class JsonApi:
    def __init__(self, objects: Objects, catalog: Catalog) -> None:
        self._objects, self._catalog = objects, catalog

    async def create_bucket(self, request: Request) -> Response:
        body = await request.json()
        name = str(body.get("name", ""))
        if not _BUCKET.fullmatch(name):
            raise ApiError(400, f"Invalid bucket name: {name!r}")
        if self._catalog.bucket(name):
            raise ApiError(
                409,
                "Your previous request to create the named bucket succeeded and you already own it.",
                reason="conflict",
            )
        bucket = {
            "kind": "storage#bucket",
            "id": name,
            "selfLink": f"/storage/v1/b/{name}",
            "location": "US",
            "locationType": "region",
            "storageClass": "STANDARD",
            "metageneration": "1",
            "projectNumber": "1",
            "timeCreated": stamp(),
            "updated": stamp(),
            "etag": "1",
            **body,
        }
        self._catalog.put_bucket(bucket)
        return JSONResponse(bucket)

    async def list_buckets(self, request: Request) -> Response:
        prefix = request.query_params.get("prefix", "")
        found = [bucket for bucket in self._catalog.buckets() if bucket["name"].startswith(prefix)]
        return JSONResponse({"kind": "storage#buckets", "items": found})

    async def get_bucket(self, request: Request) -> Response:
        return JSONResponse(self._objects.require_bucket(request.path_params["bucket"]))

    async def patch_bucket(self, request: Request) -> Response:
        bucket = self._objects.require_bucket(request.path_params["bucket"])
        match = request.query_params.get("ifMetagenerationMatch")
        if match is not None and match != bucket["metageneration"]:
            raise ApiError(412, "metageneration does not match", reason="conditionNotMet")
        for field, value in (await request.json()).items():
            bucket[field] = _merge(bucket.get(field), value)
        bucket = {field: value for field, value in bucket.items() if value is not None}
        bucket |= {"metageneration": str(int(bucket["metageneration"]) + 1), "updated": stamp()}
        self._catalog.put_bucket(bucket)
        return JSONResponse(bucket)

    async def delete_bucket(self, request: Request) -> Response:
        name = request.path_params["bucket"]
        self._objects.require_bucket(name)
        if next(self._catalog.objects(name, "", versions=True), None) is not None:
            raise ApiError(409, "The bucket you tried to delete is not empty.", reason="conflict")
        self._catalog.delete_bucket(name)
        return Response(status_code=204)

    async def list_objects(self, request: Request) -> Response:
        bucket, given = request.path_params["bucket"], request.query_params
        self._objects.require_bucket(bucket)
        found = self._catalog.objects(bucket, start_of(given), versions=given.get("versions", "").lower() == "true")
        return JSONResponse(list_page(found, given))

    async def get_object(self, request: Request) -> Response:
        bucket, name, given = request.path_params["bucket"], request.path_params["name"], request.query_params
        if given.get("alt") == "media":
            return send_media(request, self._objects, bucket, name)
        self._objects.check(bucket, name, given, given.get("generation"))
        return JSONResponse(self._objects.find(bucket, name, given.get("generation"))[0])

    async def patch_object(self, request: Request) -> Response:
        return await self._change(request, whole=False)

    async def update_object(self, request: Request) -> Response:
        return await self._change(request, whole=True)

    async def _change(self, request: Request, *, whole: bool) -> Response:
        bucket, name = request.path_params["bucket"], request.path_params["name"]
        self._objects.require_bucket(bucket)
        fields = json.loads(await request.body() or b"{}")
        return JSONResponse(self._objects.patch(bucket, name, fields, request.query_params, whole=whole))

    async def delete_object(self, request: Request) -> Response:
        self._objects.delete(request.path_params["bucket"], request.path_params["name"], request.query_params)
        return Response(status_code=204)

    async def compose(self, request: Request) -> Response:
        bucket, name = request.path_params["bucket"], request.path_params["name"]
        body = await request.json()
        parts = [self._objects.find(bucket, part["name"], part.get("generation")) for part in body["sourceObjects"]]
        if not 1 <= len(parts) <= 32:
            raise ApiError(400, "compose takes 1 to 32 source objects")
        pieces = (
            piece
            for resource, content in parts
            for piece in self._objects.blobs.read(content, 0, int(resource["size"]))
        )
        fields = {
            **body.get("destination", {}),
            "componentCount": sum(int(r.get("componentCount", 1)) for r, _ in parts),
        }
        return JSONResponse(
            self._objects.create(bucket, name, self._objects.blobs.write(pieces), fields, request.query_params)
        )

    async def copy(self, request: Request) -> Response:
        return JSONResponse(await self._copy(request))

    async def rewrite(self, request: Request) -> Response:
        made = await self._copy(request)
        size = {"totalBytesRewritten": made["size"], "objectSize": made["size"]}
        return JSONResponse({"kind": "storage#rewriteResponse", **size, "done": True, "resource": made})

    async def move(self, request: Request) -> Response:
        made = await self._copy(request)
        self._objects.delete(request.path_params["bucket"], request.path_params["name"], {})
        return JSONResponse(made)

    async def _copy(self, request: Request) -> Record:
        path, given = request.path_params, request.query_params
        conditions = {k.replace("ifSource", "if"): v for k, v in given.items() if k.startswith("ifSource")}
        self._objects.check(path["bucket"], path["name"], conditions, given.get("sourceGeneration"))
        resource, content = self._objects.find(path["bucket"], path["name"], given.get("sourceGeneration"))
        body = await request.body()
        fields: dict[str, Any] = {**resource, **(json.loads(body) if body else {})}
        target = path.get("to_bucket", path["bucket"])
        return self._objects.create(
            target, path["to_name"], self._objects.share_content(resource, content), fields, given
        )

    async def add_notification(self, request: Request) -> Response:
        bucket = request.path_params["bucket"]
        self._objects.require_bucket(bucket)
        body = await request.json()
        if "topic" not in body:
            raise ApiError(400, "a notification needs its topic", reason="required")
        made = self._catalog.add_notification(bucket, {"kind": "storage#notification", "etag": "1", **body})
        return JSONResponse(made)

    async def list_notifications(self, request: Request) -> Response:
        bucket = request.path_params["bucket"]
        self._objects.require_bucket(bucket)
        return JSONResponse({"kind": "storage#notifications", "items": self._catalog.notifications(bucket)})

    async def get_notification(self, request: Request) -> Response:
        found = self._catalog.notifications(request.path_params["bucket"])
        match = next((config for config in found if config["id"] == request.path_params["id"]), None)
        if match is None:
            raise ApiError(404, f"no notification {request.path_params['id']}")
        return JSONResponse(match)

    async def delete_notification(self, request: Request) -> Response:
        if not self._catalog.drop_notification(request.path_params["bucket"], request.path_params["id"]):
            raise ApiError(404, f"no notification {request.path_params['id']}")
        return Response(status_code=204)


def _merge(before: Any, after: Any) -> Any:
    if not isinstance(before, dict) or not isinstance(after, dict):
        return after
    merged = before | {field: _merge(before.get(field), value) for field, value in after.items()}
    return {field: value for field, value in merged.items() if value is not None}
