"""The object store, read through its JSON API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from laptop.bigquery.errors import not_found
from laptop.http import ApiError


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ObjectVersion:
    """An object as it is now: `size` in bytes."""

    bucket: str
    name: str
    generation: int
    size: int

    @property
    def uri(self) -> str:
        return f"gs://{self.bucket}/{self.name}"


@dataclass(frozen=True, slots=True)
class ObjectReader:
    """Blocking; used from worker threads. `base` is `http://127.0.0.1:PORT`."""

    base: str
    client: httpx.Client

    def list_objects(self, bucket: str, prefix: str) -> list[ObjectVersion]:
        found: list[ObjectVersion] = []
        token = ""
        while True:
            page = self._json(f"/storage/v1/b/{bucket}/o", {"prefix": prefix, "pageToken": token})
            found.extend(_stored(item) for item in page.get("items", []))
            token = page.get("nextPageToken", "")
            if not token:
                return found

    def find(self, bucket: str, name: str) -> ObjectVersion:
        """The object as it is now. Raises ApiError (404) that names it if it is not there."""
        answer = self.client.get(f"{self.base}/storage/v1/b/{bucket}/o/{quote(name, safe='')}")
        _check(answer, f"gs://{bucket}/{name}")
        return _stored(answer.json())

    def read(self, item: ObjectVersion) -> bytes:
        path = f"/storage/v1/b/{item.bucket}/o/{quote(item.name, safe='')}"
        answer = self.client.get(self.base + path, params={"alt": "media", "generation": item.generation})
        _check(answer, item.uri)
        return answer.content

    def write(self, bucket: str, name: str, content: bytes) -> None:
        path = f"/upload/storage/v1/b/{bucket}/o"
        answer = self.client.post(
            self.base + path,
            params={"uploadType": "media", "name": name},
            content=content,
            headers={"content-type": "application/octet-stream"},
        )
        _check(answer, f"gs://{bucket}/{name}")

    def delete(self, item: ObjectVersion) -> None:
        path = f"/storage/v1/b/{item.bucket}/o/{quote(item.name, safe='')}"
        answer = self.client.delete(self.base + path)
        if answer.status_code != 404:
            _check(answer, item.uri)

    def _json(self, path: str, params: dict[str, str]) -> dict[str, Any]:
        answer = self.client.get(self.base + path, params={key: value for key, value in params.items() if value})
        _check(answer, path)
        body: dict[str, Any] = answer.json()
        return body


def _stored(item: dict[str, Any]) -> ObjectVersion:
    return ObjectVersion(
        bucket=item["bucket"], name=item["name"], generation=int(item["generation"]), size=int(item["size"])
    )


def _check(answer: httpx.Response, what: str) -> None:
    if answer.status_code == 404:
        raise not_found("URI", what)
    if answer.status_code >= 400:
        raise ApiError(answer.status_code, f"{what}: {answer.text[:300]}", reason="backendError")
