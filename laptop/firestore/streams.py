"""The Listen method: targets come and go on one stream, changes follow commits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from laptop.firestore.database import Database, Feed
from laptop.firestore.listening import ListenTarget, announce, announce_failure, build_target
from laptop.firestore.messages import Pb
from laptop.rpc import RpcError

_Answers = asyncio.Queue[Pb | None]


class Listener:
    """Handlers for streams of changes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def listen(self, requests: AsyncIterator[Pb]) -> AsyncIterator[bytes]:
        """One task reads the client's requests, one follows commits; both answer through one queue."""
        stream = _Stream(self._database)
        tasks = [asyncio.create_task(stream.read(requests)), asyncio.create_task(stream.follow())]
        try:
            while (message := await stream.answers.get()) is not None:
                yield message.SerializeToString()
        finally:
            stream.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


class _Stream:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._feed: Feed = database.subscribe()
        self._targets: dict[int, ListenTarget] = {}
        self._turn = asyncio.Lock()
        self.answers: _Answers = asyncio.Queue()

    async def read(self, requests: AsyncIterator[Pb]) -> None:
        """Ends the stream when the client has closed its side."""
        async for request in requests:
            async with self._turn:
                await self._take(request)
        self.answers.put_nowait(None)

    async def follow(self) -> None:
        """Bring targets up to date after each commit that touches them."""
        while True:
            time, changes = await self._feed.get()
            async with self._turn:
                for target in list(self._targets.values()):
                    if target.is_touched(time, changes):
                        await self._show(target, time)

    def close(self) -> None:
        self._database.unsubscribe(self._feed)

    async def _take(self, request: Pb) -> None:
        if request.WhichOneof("target_change") == "remove_target":
            self._targets.pop(request.remove_target, None)
            self.answers.put_nowait(announce("REMOVE", request.remove_target))
            return
        try:
            await self._add(request.add_target)
        except RpcError as error:
            self.answers.put_nowait(announce_failure(request.add_target.target_id, error))

    async def _add(self, wanted: Pb) -> None:
        """A client that resumes is asked to forget, then sent everything: what it missed is not kept."""
        target = build_target(wanted)
        self.answers.put_nowait(announce("ADD", target.number))
        if wanted.WhichOneof("resume_type") is not None:
            self.answers.put_nowait(announce("RESET", target.number))
        time = self._database.read_time()
        for message in await self._database.read(target.show, self._database.store, time):
            self.answers.put_nowait(message)
        self._targets[target.number] = target
        self.answers.put_nowait(announce("CURRENT", target.number, time))
        self.answers.put_nowait(announce("NO_CHANGE", None, time))

    async def _show(self, target: ListenTarget, time: int) -> None:
        for message in await self._database.read(target.show, self._database.store, time):
            self.answers.put_nowait(message)
        self.answers.put_nowait(announce("NO_CHANGE", None, time))
