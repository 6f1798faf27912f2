"""`http.*`: requests to the laptop's own services. Google's host names lead to the neighbour that stands in for them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from laptop.workflows.errors import http_error, tagged
from laptop.workflows.operators import is_number

_HOSTS = {
    "dataform.googleapis.com": "dataform",
    "bigquery.googleapis.com": "bigquery",
    "storage.googleapis.com": "storage",
    "run.googleapis.com": "run",
    "secretmanager.googleapis.com": "secrets",
    "workflows.googleapis.com": "workflows",
    "workflowexecutions.googleapis.com": "workflows",
}
RESPONSE_BYTES = 2 * 1024 * 1024
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
_SECONDS, _MAX_SECONDS = 300, 1800


class LaptopRequests:
    """Sends requests by httpx; a host nobody stands in for is refused, never reached over the internet."""

    def __init__(self, client: httpx.AsyncClient, endpoints: Mapping[str, str]) -> None:
        self._client = client
        self._endpoints = endpoints

    async def send(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """`{code, headers, body}` of a 2xx answer. Raises HttpError, ConnectionError, TimeoutError, AuthError."""
        request = self._build(arguments.get("method", "GET") if method == "REQUEST" else method, arguments)
        try:
            answer = await self._client.send(request)
        except httpx.ConnectError as error:
            raise tagged("ConnectionFailedError", f"connection failed: {error}") from error
        except httpx.TimeoutException as error:
            raise tagged("TimeoutError", f"no answer in time from {request.url}") from error
        except httpx.TransportError as error:
            raise tagged("ConnectionError", f"connection broken: {error}") from error
        return _read(answer)

    def _build(self, method: str, arguments: dict[str, Any]) -> httpx.Request:
        allowed = {"url", "method", "headers", "query", "body", "auth", "timeout"}
        if set(arguments) - allowed or not isinstance(arguments.get("url"), str):
            raise tagged("TypeError", f"http needs a url and takes {sorted(allowed)}, got {sorted(arguments)}")
        headers = {**_authorize(arguments.get("auth")), **(arguments.get("headers") or {})}
        asked = next((str(headers[name]) for name in headers if name.lower() == "content-type"), "")
        content, kind = _encode(arguments.get("body"), asked)
        if kind and not asked:
            headers["Content-Type"] = kind
        return self._client.build_request(
            _method(method),
            self._locate(arguments["url"]),
            params=_query(arguments.get("query")),
            headers={name: str(value) for name, value in headers.items()},
            content=content,
            timeout=_seconds(arguments.get("timeout")),
        )

    def _locate(self, url: str) -> str:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme not in ("http", "https"):
            raise tagged("ValueError", f"not an http url: {url!r}")
        if host in ("127.0.0.1", "localhost"):
            return url
        service = "vertex" if host.endswith("-aiplatform.googleapis.com") else _HOSTS.get(host, "")
        if service not in self._endpoints:
            raise tagged("ConnectionFailedError", f"the laptop has no service that stands in for {host}")
        return parts._replace(scheme="http", netloc=self._endpoints[service]).geturl()


def _authorize(auth: Any) -> dict[str, str]:
    if auth is None:
        return {}
    if not isinstance(auth, dict) or auth.get("type") not in ("OAuth2", "OIDC"):
        raise tagged("AuthError", f"auth needs type OAuth2 or OIDC, got {auth!r}")
    return {"Authorization": "Bearer laptop"}


def _method(method: Any) -> str:
    if not isinstance(method, str) or method.upper() not in _METHODS:
        raise tagged("ValueError", f"http needs one of {sorted(_METHODS)}, got {method!r}")
    return method.upper()


def _seconds(timeout: Any) -> float:
    if timeout is None:
        return _SECONDS
    if not is_number(timeout) or not 0 < timeout <= _MAX_SECONDS:
        raise tagged("ValueError", f"timeout is a number of seconds up to {_MAX_SECONDS}, got {timeout!r}")
    return float(timeout)


def _encode(body: Any, asked: str) -> tuple[bytes | None, str]:
    """The body as bytes, with the content type it has unless a header asks for another."""
    if body is None:
        return None, ""
    if isinstance(body, bytes):
        return body, "application/octet-stream"
    if asked.startswith("application/x-www-form-urlencoded") and isinstance(body, dict):
        return urlencode(body).encode(), asked
    if asked and "json" not in asked and isinstance(body, str):
        return body.encode(), asked
    return json.dumps(body).encode(), "application/json; charset=utf-8"


def _query(given: Any) -> httpx.QueryParams | None:
    pairs = [(name, each) for name, value in (given or {}).items() for each in _listed(value)]
    written = [(name, json.dumps(value) if isinstance(value, bool) else str(value)) for name, value in pairs]
    return httpx.QueryParams(tuple(written)) if written else None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _read(answer: httpx.Response) -> dict[str, Any]:
    if len(answer.content) > RESPONSE_BYTES:
        raise tagged("ResourceLimitError", f"the answer has {len(answer.content)} bytes, the limit is {RESPONSE_BYTES}")
    headers = {name.title(): value for name, value in answer.headers.items()}
    body = _decode(answer)
    if not answer.is_success:
        raise http_error(answer.status_code, body, headers)
    return {"code": answer.status_code, "headers": headers, "body": body}


def _decode(answer: httpx.Response) -> Any:
    kind = answer.headers.get("content-type", "")
    if "json" in kind and answer.content:
        try:
            return answer.json()
        except ValueError as error:
            raise tagged("ResponseTypeError", f"the answer says JSON and is not: {error}") from error
    return answer.text if not kind or kind.startswith("text/") or not answer.content else answer.content
