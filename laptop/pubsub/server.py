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
from laptop.pubsub.leasing import HandOut
from laptop.pubsub.publisher_rpc import PublisherRpc
from laptop.pubsub.rpc import handlers
from laptop.pubsub.schema_rpc import SchemaService
from laptop.pubsub.schemas import Schemas
from laptop.pubsub.seeking import Seeker
from laptop.pubsub.store import MessageStore
from laptop.pubsub.subscriber_rpc import Subscriber
from laptop.pubsub.tokens import TokenSigner
from laptop.pubsub.transforming import Transformer

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
    handing = HandOut(broker, transformer)
    signer = TokenSigner(hosting.state, time.time)
    deliverer = Deliverer(broker, handing, signer, hosting.endpoints.get("bigquery"), hosting.opening)
    options = [("grpc.max_receive_message_length", _MAX_BYTES), ("grpc.max_send_message_length", _MAX_BYTES)]
    server = grpc.aio.server(options=options)
    server.add_generic_rpc_handlers(
        handlers(
            PublisherRpc(broker, schemas, transformer),
            Subscriber(broker, handing, transformer, Seeker(broker, store, time.time)),
            SchemaService(schemas),
        )
    )
    port = server.add_insecure_port(f"{hosting.host}:{hosting.port}")
    await server.start()
    watch = asyncio.create_task(keep_on(broker.watch_leases))
    return PubsubService(f"{hosting.host}:{port}", server, deliverer, transformer, watch, store)
