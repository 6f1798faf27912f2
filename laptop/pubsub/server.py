"""Start Pub/Sub: gRPC for clients, tasks for push, BigQuery and leases."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import grpc.aio

from laptop.hosting import Hosting
from laptop.loops import keep_on
from laptop.pubsub.broker import Broker
from laptop.pubsub.delivering import Deliverer
from laptop.pubsub.leasing import Leaser
from laptop.pubsub.publisher_rpc import PublisherRpc
from laptop.pubsub.rpc import served_methods
from laptop.pubsub.schema_rpc import SchemaService
from laptop.pubsub.schemas import Schemas
from laptop.pubsub.seeking import Seeker
from laptop.pubsub.store import MessageStore
from laptop.pubsub.subscriber_rpc import Subscriber
from laptop.pubsub.tokens import TokenSigner
from laptop.pubsub.transforming import Transformer
from laptop.rpc import serve_rpc

_MAX_BYTES = 25 * 1024 * 1024


@dataclass(slots=True)
class PubsubService:
    """The running server."""

    address: str
    _server: grpc.aio.Server
    _deliverer: Deliverer
    _transformer: Transformer
    _watch: asyncio.Task[None]
    _store: MessageStore

    async def stop(self) -> None:
        await self._deliverer.stop()
        await self._transformer.stop()
        await self._server.stop(0.2)
        self._watch.cancel()
        await asyncio.gather(self._watch, return_exceptions=True)
        self._store.close()


async def start(hosting: Hosting) -> PubsubService:
    """Serve Pub/Sub from `hosting.state`; BigQuery subscriptions write to `endpoints["bigquery"]`."""
    store = MessageStore(hosting.state, fsync=hosting.fsync)
    broker = Broker(store, time.time)
    schemas, transformer = Schemas(store, time.time), Transformer()
    leaser = Leaser(broker, transformer)
    signer = TokenSigner(hosting.state, time.time)
    deliverer = Deliverer(broker, leaser, signer, hosting.endpoints.get("bigquery"), hosting.opening)
    served = served_methods(
        PublisherRpc(broker, schemas, transformer),
        Subscriber(broker, leaser, transformer, Seeker(broker, store, time.time)),
        SchemaService(schemas),
    )
    server, address = await serve_rpc({"google.pubsub.v1": served}, hosting, max_bytes=_MAX_BYTES)
    watch = asyncio.create_task(keep_on(broker.watch_leases))
    return PubsubService(address, server, deliverer, transformer, watch, store)
