"""Start Firestore: gRPC on one port, state in one SQLite file."""

from __future__ import annotations

import time
from dataclasses import dataclass

import grpc.aio

from laptop.firestore.administration import admin_handlers
from laptop.firestore.database import Database
from laptop.firestore.rpc import handlers
from laptop.firestore.transactions import Limits
from laptop.hosting import Hosting

_MAX_BYTES = 32 * 1024 * 1024


@dataclass(slots=True)
class FirestoreService:
    """The running server."""

    address: str
    _server: grpc.aio.Server
    _database: Database

    async def stop(self) -> None:
        await self._server.stop(0.2)
        self._database.close()


async def start(hosting: Hosting, limits: Limits | None = None) -> FirestoreService:
    """Serve Firestore from `hosting.state`; every project and database a client names exists."""
    database = Database(hosting.state, time.time, fsync=hosting.fsync, limits=limits)
    options = [("grpc.max_receive_message_length", _MAX_BYTES), ("grpc.max_send_message_length", _MAX_BYTES)]
    server = grpc.aio.server(options=options)
    server.add_generic_rpc_handlers((handlers(database), admin_handlers(database)))
    port = server.add_insecure_port(f"{hosting.host}:{hosting.port}")
    await server.start()
    return FirestoreService(f"{hosting.host}:{port}", server, database)
