"""Fair queues for transactions that want the same thing: advice that saves aborts, never what correctness rests on."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Iterable

_PATIENCE = 2.0


class Turns:
    """One holder per key, the others wait in line; who retries an aborted transaction goes to the front.

    A wait ends after `patience` seconds at the latest (the holder may have died, or wait for us): the transaction then
    goes on without the turn, and validation at commit decides who wins. Used on one event loop.
    """

    def __init__(self, patience: float = _PATIENCE) -> None:
        self._patience = patience
        self._held: dict[Hashable, bytes] = {}
        self._lines: dict[Hashable, list[tuple[bytes, asyncio.Future[None]]]] = {}

    async def take(self, owner: bytes, keys: Iterable[Hashable], *, first: bool) -> None:
        """Wait until `owner` holds every key, or patience ends."""
        for key in sorted(keys, key=repr):
            if self._held.setdefault(key, owner) != owner and not self._is_in_circle(owner, key):
                await self._wait(owner, key, first)

    def release(self, owner: bytes) -> None:
        """Hand everything that `owner` holds to whoever is next."""
        for key in [key for key, holder in self._held.items() if holder == owner]:
            self._hand_on(key)

    def _hand_on(self, key: Hashable) -> None:
        del self._held[key]
        line = self._lines.get(key, [])
        while line:
            owner, turn = line.pop(0)
            if not turn.done():
                self._held[key] = owner
                turn.set_result(None)
                return
        self._lines.pop(key, None)

    async def _wait(self, owner: bytes, key: Hashable, first: bool) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line = self._lines.setdefault(key, [])
        line.insert(0 if first else len(line), (owner, turn))
        try:
            await asyncio.wait_for(turn, self._patience)
        except TimeoutError:
            return

    def _is_in_circle(self, owner: bytes, key: Hashable) -> bool:
        """Whether the holder of `key` itself waits, however indirectly, for something `owner` holds."""
        waits = {waiting: wanted for wanted, line in self._lines.items() for waiting, turn in line if not turn.done()}
        holder, seen = self._held.get(key), set[bytes]()
        while holder is not None and holder not in seen:
            if holder == owner:
                return True
            seen.add(holder)
            wanted = waits.get(holder)
            holder = None if wanted is None else self._held.get(wanted)
        return False
