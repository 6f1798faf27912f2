"""How a request is refused: a gRPC status and a sentence, in the cloud's words where clients read them."""

from __future__ import annotations

import grpc

Code = grpc.StatusCode


class FirestoreError(Exception):
    """`code` is a grpc.StatusCode; `message` names what was wrong."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def refuse_argument(message: str) -> FirestoreError:
    return FirestoreError(Code.INVALID_ARGUMENT, message)


def refuse_unserved(what: str) -> FirestoreError:
    return FirestoreError(Code.UNIMPLEMENTED, f"{what} is not served by the laptop")


def abort_contended() -> FirestoreError:
    """The client retries the whole transaction on this one."""
    return FirestoreError(Code.ABORTED, "Too much contention on these documents. Please try again.")
