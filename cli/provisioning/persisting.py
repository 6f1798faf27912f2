"""Do a step of a deployment until it is done: a busy machine answers late, and every step may be done twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from google.api_core.exceptions import Aborted, GatewayTimeout, RetryError, ServiceUnavailable
from google.api_core.retry import if_transient_error

PATIENCE_SECONDS = 300.0
CALL_SECONDS = 120.0
"""Of one call that starts processes: the clients' own 15 s are those of a server that nothing else keeps busy."""
_PAUSE_SECONDS = 1.0
T = TypeVar("T")


def persist(
    step: Callable[[], T],
    patience_seconds: float = PATIENCE_SECONDS,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """What `step` returns; again while it fails for what passes, until the patience is over."""
    until = clock() + patience_seconds
    while True:
        try:
            return step()
        except Exception as error:
            if not passes(error) or clock() > until:
                raise
        sleep(_PAUSE_SECONDS)


def passes(error: Exception) -> bool:
    """Whether another try may help: no answer in time, nobody there yet, or too much at once. Pure."""
    if isinstance(error, ServiceUnavailable | GatewayTimeout | RetryError | Aborted):
        return True
    # Of the transport's own errors of the network, which are OSErrors without a number; a file's error has one.
    silent = isinstance(error, OSError) and error.errno is None
    return silent or bool(if_transient_error(error))
