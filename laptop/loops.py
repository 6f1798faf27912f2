"""Background work that a full disk or a lost neighbour must not end: it is tried again until it goes on."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
DISK_ERRORS = (sqlite3.Error, OSError)
_LOG = logging.getLogger("laptop")
_PAUSE_SECONDS = 0.5


async def keep_on(work: Callable[[], Awaitable[T]]) -> T:
    """Run `work` again whenever the disk failed it; what it returns."""
    while True:
        try:
            return await work()
        except DISK_ERRORS as error:
            _LOG.warning("goes on in a moment: %r", error)
            await asyncio.sleep(_PAUSE_SECONDS)


async def persist(write: Callable[[], T]) -> T:
    """Write until the disk takes it: nobody else would write the end of what has ended."""

    async def work() -> T:
        return write()

    return await keep_on(work)
