"""The batch endpoint: many JSON API requests in one, each answered as if it came alone."""

from __future__ import annotations

import re
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from laptop.http import ApiError

_BOUNDARY = "batch_laptop"
_START = re.compile(r"(\w+) (\S+)(?: HTTP/1\.1)?")


async def answer_batch(request: Request, app: Starlette) -> Response:
    """Dispatch every part to the app itself."""
    head = f"content-type: {request.headers.get('content-type', '')}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + await request.body())
    if not message.is_multipart():
        raise ApiError(400, "a batch is multipart/mixed")
    transport = httpx.ASGITransport(app)
    answers = []
    async with httpx.AsyncClient(transport=transport, base_url="http://batch") as client:
        for part in message.iter_parts():
            answers.append(await _answer_part(_payload(part), str(part["content-id"]), client))
    body = b"".join(b"--" + _BOUNDARY.encode() + b"\r\n" + answer + b"\r\n" for answer in answers)
    return Response(
        body + f"--{_BOUNDARY}--\r\n".encode(), headers={"content-type": f'multipart/mixed; boundary="{_BOUNDARY}"'}
    )


def _payload(message: Any) -> bytes:
    return bytes(message.get_payload(decode=True) or b"")


async def _answer_part(payload: bytes, content_id: str, client: httpx.AsyncClient) -> bytes:
    first, _, rest = payload.lstrip().partition(b"\n")
    match = _START.match(first.decode().strip())
    if match is None:
        raise ApiError(400, f"batch part {content_id}: no request line")
    inner = BytesParser(policy=HTTP).parsebytes(rest)
    path = re.sub(r"^https?://[^/]+", "", match[2])
    body = _payload(inner)
    headers = {"content-type": str(inner.get("content-type", "application/json"))}
    answer = await client.request(match[1], path, content=body.strip(), headers=headers)
    head = f"Content-Type: application/http\r\nContent-ID: <response-{content_id.strip('<>')}>\r\n\r\n"
    status = f"HTTP/1.1 {answer.status_code} {answer.reason_phrase or 'OK'}\r\n"
    kind = f"Content-Type: {answer.headers.get('content-type', 'application/json')}\r\n\r\n"
    return (head + status + kind).encode() + answer.content
