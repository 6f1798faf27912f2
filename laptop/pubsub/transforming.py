"""Single message transforms: users' JavaScript, run by one long-lived Node.js process that starts when it is first needed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import grpc
from google.pubsub_v1.types import MessageTransform, PubsubMessage

from laptop.node import find_node
from laptop.pubsub.times import rfc3339
from laptop.rpc import RpcError

_SCRIPT = Path(__file__).with_name("transform.cjs")
_LINE_LIMIT = 64 * 1024 * 1024


class TransformError(Exception):
    """The user's function threw, took longer than 500 ms, or returned what is no message."""


class Transformer:
    """`check` at creation, `apply` for every message; one request at a time."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def check(self, transforms: Iterable[MessageTransform]) -> None:
        """Raises INVALID_ARGUMENT for code that does not compile or lacks its function, UNIMPLEMENTED for other kinds."""
        for transform in transforms:
            if "javascript_udf" not in transform:
                raise RpcError(
                    grpc.StatusCode.UNIMPLEMENTED, "the laptop serves javascript_udf message transforms only"
                )
            udf = transform.javascript_udf
            answer = await self._ask({"code": udf.code, "name": udf.function_name})
            if "error" in answer:
                raise RpcError(grpc.StatusCode.INVALID_ARGUMENT, f"Invalid JavaScript UDF: {answer['error']}")

    async def apply(self, transforms: Iterable[MessageTransform], message: PubsubMessage) -> PubsubMessage | None:
        """The message after every enabled transform, None when one filtered it. Raises TransformError."""
        for transform in transforms:
            if transform.disabled:
                continue
            changed = await self._apply_one(transform, message)
            if changed is None:
                return None
            message = changed
        return message

    async def _apply_one(self, transform: MessageTransform, message: PubsubMessage) -> PubsubMessage | None:
        udf = transform.javascript_udf
        answer = await self._ask({"code": udf.code, "name": udf.function_name, **describe_message(message)})
        if "error" in answer:
            raise TransformError(f"{udf.function_name}: {answer['error']}")
        return None if answer["message"] is None else rebuild_message(message, answer["message"])

    async def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        async with self._turn:
            process = await self._running()
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(request).encode() + b"\n")
            line = await process.stdout.readline()
        if not line:
            raise TransformError("the JavaScript engine ended; the message is tried again")
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            pipe = asyncio.subprocess.PIPE
            try:
                node = find_node()
            except RuntimeError as error:
                raise RpcError(grpc.StatusCode.FAILED_PRECONDITION, str(error)) from error
            self._process = await asyncio.create_subprocess_exec(
                node, str(_SCRIPT), stdin=pipe, stdout=pipe, limit=_LINE_LIMIT
            )
        return self._process

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


def describe_message(message: PubsubMessage) -> dict[str, Any]:
    """What the function sees: its data as text, its attributes, and metadata. Raises TransformError if it is not UTF-8."""
    try:
        data = message.data.decode()
    except UnicodeDecodeError as error:
        raise TransformError(f"the message's data is not UTF-8: {error}") from error
    metadata = {"ordering_key": message.ordering_key}
    if message.message_id:
        metadata |= {"message_id": message.message_id, "publish_time": rfc3339(message.publish_time)}
    return {"message": {"data": data, "attributes": dict(message.attributes)}, "metadata": metadata}


def rebuild_message(message: PubsubMessage, changed: Any) -> PubsubMessage:
    """The message with what the function returned. Raises TransformError for anything but texts."""
    data = changed.get("data", "") if isinstance(changed, dict) else None
    attributes = changed.get("attributes") or {} if isinstance(changed, dict) else None
    if not isinstance(data, str) or not isinstance(attributes, dict):
        raise TransformError("the function must return {data: string, attributes: object} or null")
    if not all(isinstance(value, str) for value in attributes.values()):
        raise TransformError("attributes must be strings")
    rebuilt: PubsubMessage = PubsubMessage.deserialize(PubsubMessage.serialize(message))
    rebuilt.data, rebuilt.attributes = data.encode(), attributes
    return rebuilt
