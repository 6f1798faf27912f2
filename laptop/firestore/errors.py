"""How a request is refused: a gRPC status and a sentence, in the cloud's words where clients read them."""

from __future__ import annotations

import grpc

Code = grpc.StatusCode


class RpcError(Exception):
    """`code` is a grpc.StatusCode; `message` names what was wrong."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def refuse_argument(message: str) -> RpcError:
    return RpcError(Code.INVALID_ARGUMENT, message)


def refuse_unserved(what: str) -> RpcError:
    return RpcError(Code.UNIMPLEMENTED, f"{what} is not served by the laptop")


def abort_contended() -> RpcError:
    """The client retries the whole transaction on this one."""
    return RpcError(Code.ABORTED, "Too much contention on these documents. Please try again.")
