"""Serve gRPC: every method of a service is answered, by its handler or by a refusal that names it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import grpc
import grpc.aio

from laptop.api.surface import ABSENT, SERVED, Surface, find_reason, read_methods, word_refusal
from laptop.hosting import Hosting
from laptop.loops import DISK_ERRORS

Methods = Mapping[str, grpc.RpcMethodHandler]


class RpcError(Exception):
    """How a request is refused: `code` is a grpc.StatusCode, `message` names what was wrong."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@asynccontextmanager
async def refusals(context: grpc.aio.ServicerContext) -> AsyncIterator[None]:
    """What the block raises becomes the call's status; a disk that is full or broken has changed nothing."""
    try:
        yield
    except RpcError as error:
        await context.abort(error.code, error.message)
    except DISK_ERRORS as error:
        await context.abort(grpc.StatusCode.UNAVAILABLE, f"the laptop's disk refused: {error}")


def cover(package: str, served: Mapping[str, Methods]) -> tuple[list[grpc.GenericRpcHandler], Surface]:
    """Handlers of all services of a proto package, `served` being those of some methods by the service's name, and what they are.

    Pure. KeyError for a service or method that the package does not have.
    """
    listed = read_methods(package)
    handlers: list[grpc.GenericRpcHandler] = []
    states: dict[str, str] = {}
    for service, names in listed["services"].items():
        methods = dict(served.get(service, {}))
        states |= {f"{service}/{name}": _state(f"{service}/{name}", name in methods) for name in names}
        methods |= {name: _refusal(f"{service}/{name}") for name in names if name not in methods}
        handlers.append(grpc.method_handlers_generic_handler(service, methods))
    return handlers, Surface(title=listed["title"], source=listed["source"], methods=states)


def _state(method: str, is_served: bool) -> str:
    return SERVED if is_served else find_reason(method) or ABSENT


def _refusal(method: str) -> grpc.RpcMethodHandler:
    """Takes any call: it reads nothing of what the client sends."""

    async def handle(_: AsyncIterator[bytes], context: grpc.aio.ServicerContext) -> AsyncIterator[bytes]:
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, word_refusal(method))
        yield b""

    return grpc.stream_stream_rpc_method_handler(handle)


async def serve_rpc(
    packages: Mapping[str, Mapping[str, Methods]], hosting: Hosting, *, address: str = "", max_bytes: int = 4 << 20
) -> tuple[grpc.aio.Server, str]:
    """Listen at `address`, else on `hosting`'s host and port, for proto packages; the server, and where it listens.

    `packages` maps a package such as `google.pubsub.v1` to the methods that are served, by service and name. The caller keeps
    the server: one whose last reference goes stops silently.
    """
    server = grpc.aio.server(
        options=[("grpc.max_receive_message_length", max_bytes), ("grpc.max_send_message_length", max_bytes)]
    )
    for package, served in packages.items():
        handlers, surface = cover(package, served)
        server.add_generic_rpc_handlers(tuple(handlers))
        if hosting.announce is not None:
            hosting.announce(surface)
    port = server.add_insecure_port(address or f"{hosting.host}:{hosting.port}")
    await server.start()
    return server, address or f"{hosting.host}:{port}"
