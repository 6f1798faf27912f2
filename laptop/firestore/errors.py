"""How a request is refused: a gRPC status and a sentence, in the cloud's words where clients read them."""

from __future__ import annotations

import grpc

from laptop.rpc import RpcError

Code = grpc.StatusCode


def refuse_argument(message: str) -> RpcError:
    return RpcError(Code.INVALID_ARGUMENT, message)


def refuse_unserved(what: str) -> RpcError:
    return RpcError(Code.UNIMPLEMENTED, f"{what} is not served by the laptop")


def abort_contended() -> RpcError:
    """The client retries the whole transaction on this one."""
    return RpcError(Code.ABORTED, "Too much contention on these documents. Please try again.")
