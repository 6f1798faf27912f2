"""The Secret Manager v1 REST API, as far as its client library uses it to make, read and retire secrets."""

from __future__ import annotations

import base64
import datetime as dt
import json

import google_crc32c
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from laptop.hosting import Hosting
from laptop.http import ApiError, HttpService, serve_http
from laptop.records import Record, Records
from laptop.secrets.reading import cut_page, read_payload, read_secret

STATES = {"enable": "ENABLED", "disable": "DISABLED", "destroy": "DESTROYED"}


class SecretsApi:
    """Names are `projects/P/secrets/S/versions/N`; the payload never leaves but by access."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def create(self, request: Request) -> Response:
        secret_id = request.query_params.get("secretId", "")
        fields = read_secret(secret_id, await _read_json(request))
        name = f"projects/{request.path_params['project']}/secrets/{secret_id}"
        if self._records.get("secret", name):
            raise ApiError(409, f"Secret [{name}] already exists.")
        secret = {**fields, "name": name, "createTime": _now(), "etag": '"1"'}
        self._records.put("secret", name, secret)
        return JSONResponse(secret)

    async def get(self, request: Request) -> Response:
        return JSONResponse(self._secret(_name(request)))

    async def list_all(self, request: Request) -> Response:
        found = self._records.list("secret", f"projects/{request.path_params['project']}/secrets/")
        return JSONResponse(cut_page("secrets", found, request.query_params))

    async def delete(self, request: Request) -> Response:
        name = _name(request)
        self._secret(name)
        self._records.delete("secret", name)
        for version in self._versions(name):
            self._records.delete("version", version["name"])
        return JSONResponse({})

    async def add_version(self, request: Request) -> Response:
        data = read_payload((await _read_json(request)).get("payload", {}))
        name = _name(request)
        self._secret(name)
        number = len(self._versions(name)) + 1
        version = {"name": f"{name}/versions/{number}", "createTime": _now(), "state": "ENABLED", "data": data}
        self._records.put("version", version["name"], version)
        return JSONResponse(_shown(version))

    async def get_version(self, request: Request) -> Response:
        return JSONResponse(_shown(self._version(request)))

    async def list_versions(self, request: Request) -> Response:
        self._secret(_name(request))
        found = [_shown(version) for version in reversed(self._versions(_name(request)))]
        return JSONResponse(cut_page("versions", found, request.query_params))

    async def access(self, request: Request) -> Response:
        version = self._version(request)
        if version["state"] != "ENABLED":
            raise ApiError(400, f"{version['name']} is {version['state']}.", status="FAILED_PRECONDITION")
        crc = google_crc32c.value(base64.b64decode(version["data"]))
        return JSONResponse({"name": version["name"], "payload": {"data": version["data"], "dataCrc32c": str(crc)}})

    async def change_state(self, request: Request) -> Response:
        """enable, disable, destroy; a destroyed version's data is gone."""
        version = self._version(request)
        state = STATES[request.url.path.rsplit(":", 1)[1]]
        if version["state"] == "DESTROYED":
            raise ApiError(400, f"{version['name']} is destroyed.", status="FAILED_PRECONDITION")
        version |= {"state": state} | ({"data": "", "destroyTime": _now()} if state == "DESTROYED" else {})
        self._records.put("version", version["name"], version)
        return JSONResponse(_shown(version))

    def _secret(self, name: str) -> Record:
        found = self._records.get("secret", name)
        if found is None:
            raise ApiError(404, f"Secret [{name}] not found.")
        return found

    def _versions(self, name: str) -> list[Record]:
        found = self._records.list("version", f"{name}/versions/")
        return sorted(found, key=lambda version: int(version["name"].rsplit("/", 1)[1]))

    def _version(self, request: Request) -> Record:
        name, number = _name(request), request.path_params["version"]
        found = self._versions(name)[-1:] if number == "latest" else []
        version = found[0] if found else self._records.get("version", f"{name}/versions/{number}")
        if version is None:
            raise ApiError(404, f"Secret Version [{name}/versions/{number}] not found.")
        return version


def _name(request: Request) -> str:
    return f"projects/{request.path_params['project']}/secrets/{request.path_params['secret']}"


def _shown(version: Record) -> Record:
    return {field: value for field, value in version.items() if field != "data"}


async def _read_json(request: Request) -> Record:
    try:
        fields = json.loads(await request.body() or b"{}")
    except ValueError as error:
        raise ApiError(400, f"Invalid JSON payload received: {error}") from error
    if not isinstance(fields, dict):
        raise ApiError(400, "Invalid JSON payload received: not an object")
    return fields


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat().replace("+00:00", "Z")


class _SecretsService:
    def __init__(self, http: HttpService, records: Records) -> None:
        self._http, self._records = http, records

    @property
    def address(self) -> str:
        return self._http.address

    async def stop(self) -> None:
        await self._http.stop()
        self._records.close()


async def start(hosting: Hosting) -> _SecretsService:
    """Serve Secret Manager from `hosting.state`."""
    records = Records(hosting.state, fsync=hosting.fsync)
    api = SecretsApi(records)
    root = "/v1/projects/{project}/secrets"
    one, version = root + "/{secret}", root + "/{secret}/versions/{version}"
    routes = [
        Route(root, api.create, methods=["POST"]),
        Route(root, api.list_all),
        Route(one + ":addVersion", api.add_version, methods=["POST"]),
        Route(one, api.get),
        Route(one, api.delete, methods=["DELETE"]),
        Route(one + "/versions", api.list_versions),
        Route(version + ":access", api.access),
        *(Route(f"{version}:{verb}", api.change_state, methods=["POST"]) for verb in STATES),
        Route(version, api.get_version),
    ]
    return _SecretsService(await serve_http(Starlette(routes=routes), hosting, "secretmanager.v1"), records)
