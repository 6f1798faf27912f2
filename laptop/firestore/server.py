"""Start Firestore: gRPC on one port, state in one SQLite file."""

from __future__ import annotations

import time
from dataclasses import dataclass

import grpc.aio

from laptop.firestore.administration import admin_methods
from laptop.firestore.database import Database
from laptop.firestore.rpc import served_methods
from laptop.firestore.transactions import Limits
from laptop.hosting import Hosting
from laptop.rpc import serve_rpc

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
    packages = {
        "google.firestore.v1": {"google.firestore.v1.Firestore": served_methods(database)},
        "google.firestore.admin.v1": {"google.firestore.admin.v1.FirestoreAdmin": admin_methods(database)},
    }
    server, address = await serve_rpc(packages, hosting, max_bytes=_MAX_BYTES)
    return FirestoreService(address, server, database)
