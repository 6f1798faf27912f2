"""Hand messages out of a backlog as their subscription's transforms make them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from laptop.pubsub.backlog import Backlog, Delivery
from laptop.pubsub.broker import Broker
from laptop.pubsub.transforming import Transformer, TransformError


class Leaser:
    """What pull, streaming pull, push and BigQuery all lease from."""

    def __init__(self, broker: Broker, transformer: Transformer) -> None:
        self._broker, self._transformer = broker, transformer

    async def lease(self, backlog: Backlog, limit: int, deadline: float | None = None) -> list[Delivery]:
        """At most `limit` messages. A filtered one is acknowledged; one whose transform fails is given back."""
        leased = backlog.lease(limit, deadline)
        if not backlog.subscription.message_transforms:
            return leased
        changed = await asyncio.gather(*(self._transform(backlog, delivery) for delivery in leased))
        return [delivery for delivery in changed if delivery is not None]

    async def _transform(self, backlog: Backlog, delivery: Delivery) -> Delivery | None:
        try:
            message = await self._transformer.apply(backlog.subscription.message_transforms, delivery.message)
        except TransformError:
            self._broker.dead_letter(backlog, backlog.give_back(delivery))
            return None
        if message is None:
            backlog.ack([delivery.ack_id])
            return None
        return replace(delivery, message=message)
