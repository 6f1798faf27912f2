"""Calls of the JSON API that several tests make."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx

ROOT, UPLOAD = "/storage/v1/b/lake", "/upload/storage/v1/b/lake/o"


def put(http: httpx.Client, name: str, data: bytes = b"x", bucket: str = "lake", **given: Any) -> dict[str, Any]:
    query = {"uploadType": "media", "name": name, **given}
    answer = http.post(f"/upload/storage/v1/b/{bucket}/o", params=query, content=data)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def at(name: str, bucket: str = "lake") -> str:
    return f"/storage/v1/b/{bucket}/o/{quote(name, safe='')}"


def media(http: httpx.Client, name: str, bucket: str = "lake", **headers: str) -> httpx.Response:
    return http.get(at(name, bucket), params={"alt": "media"}, headers={"accept-encoding": "identity", **headers})


def reason(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["errors"][0]["reason"]
