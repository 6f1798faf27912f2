"""Ports that stay one's own: below those that the system lends to outgoing connections.

A server's port above that line is lent to some client's end as soon as the server is down for a moment, and its successor
can't have it: on a busy machine that happened at every second restart.
"""

from __future__ import annotations

import contextlib
import errno
import random
import socket
import time
from pathlib import Path

_FIRST, _LENT = 20_000, 32_768
_TRIES = 200


def hold_port(host: str, wanted: int, patience_seconds: float) -> socket.socket:
    """Bound to the wanted port, or to a free one if that is taken for longer than one has patience; 0 wants none."""
    until = time.monotonic() + patience_seconds
    while wanted:
        try:
            return socket.create_server((host, wanted))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
        if time.monotonic() > until:
            break
        time.sleep(0.05)
    return _hold_any(host, random.Random())


def _hold_any(host: str, dice: random.Random) -> socket.socket:
    for _ in range(_TRIES):
        with contextlib.suppress(OSError):
            return socket.create_server((host, dice.randrange(_FIRST, _first_lent())))
    return socket.create_server((host, 0))


def _first_lent() -> int:
    """Where Linux says that lent ports begin; elsewhere they begin higher."""
    setting = Path("/proc/sys/net/ipv4/ip_local_port_range")
    first = int(setting.read_text().split()[0]) if setting.exists() else _LENT
    return max(min(first, _LENT), _FIRST + 1000)
