"""One subscription's backlog: what is ready, what is leased and until when, in which order. Pure but for the store."""

from __future__ import annotations

import asyncio
import datetime as dt
import heapq
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from google.pubsub_v1.types import PubsubMessage, Subscription

from laptop.pubsub.filters import compile_filter
from laptop.pubsub.store import MessageStore
from laptop.pubsub.times import seconds


@dataclass(slots=True)
class Delivery:
    """A message on its way: how often it was leased, and the ack id of the lease that counts."""

    number: int
    message: PubsubMessage
    published: float
    attempts: int = 0
    ack_id: str = ""
    expires: float = 0.0


class Backlog:
    """`lease`, `ack`, `modify`: an ack id is good until its lease ends or a newer hand-out replaces it."""

    def __init__(self, subscription: Subscription, store: MessageStore, now: Callable[[], float]) -> None:
        self.subscription = subscription
        self.matches = compile_filter(subscription.filter)
        self.arrived = asyncio.Event()
        self.freed = asyncio.Event()
        self._store, self._now = store, now
        self._ready: deque[Delivery] = deque()
        self._later: list[tuple[float, int, Delivery]] = []
        self._leased: dict[str, Delivery] = {}
        self._held: dict[str, float] = {}
        self._serial = 0

    @property
    def name(self) -> str:
        return str(self.subscription.name)

    def reload(self) -> None:
        """Take the whole backlog from the store again."""
        self._ready.clear()
        self._later.clear()
        self._leased.clear()
        self._held.clear()
        for number, attempts, body, published in self._store.deliveries(self.name, acked=False):
            self.add(Delivery(number, PubsubMessage.deserialize(body), published, attempts))

    def add(self, delivery: Delivery) -> None:
        """New, or from the store. A key whose earlier message waits for its backoff makes the later ones wait."""
        held_until = self._held.get(self._key(delivery), 0.0)
        if held_until > self._now():
            heapq.heappush(self._later, (held_until, delivery.number, delivery))
            return
        self._ready.append(delivery)
        self.arrived.set()

    def lease(self, limit: int, deadline: float | None = None) -> list[Delivery]:
        """Lease at most `limit` messages; each gets a new ack id."""
        self._wake_due()
        until = self._now() + (deadline or self.subscription.ack_deadline_seconds or 10)
        oldest = self._now() - self._retention()
        leased: list[Delivery] = []
        while self._ready and len(leased) < limit:
            delivery = self._ready[0]
            if delivery.published < oldest:
                self.forget(self._ready.popleft())
                continue
            if self.subscription.dead_letter_policy.dead_letter_topic:
                self._store.mark_attempt(self.name, delivery.number, delivery.attempts + 1)
            self._ready.popleft()
            self._serial += 1
            delivery.attempts += 1
            delivery.ack_id, delivery.expires = f"{delivery.number}:{self._serial}:{delivery.attempts}", until
            self._leased[delivery.ack_id] = delivery
            leased.append(delivery)
        return leased

    def holds(self, ack_id: str) -> bool:
        """Whether that hand-out still counts: not acknowledged, given back or run out."""
        return ack_id in self._leased

    def _notify_freed(self) -> None:
        """Wake every stream that is full: each waits for the event that was there when it looked."""
        self.freed.set()
        self.freed = asyncio.Event()

    def ack(self, ack_ids: Iterable[str]) -> list[str]:
        """Done for good; returns the ack ids that are no lease any more."""
        known = {ack_id: self._leased.get(ack_id) for ack_id in ack_ids}
        numbers = [delivery.number for delivery in known.values() if delivery is not None]
        self._store.mark_acked(self.name, numbers, keep=self.subscription.retain_acked_messages)
        for ack_id in known:
            self._leased.pop(ack_id, None)
        self._notify_freed()
        return [ack_id for ack_id, delivery in known.items() if delivery is None]

    def modify(self, ack_ids: Iterable[str], deadline: int) -> tuple[list[str], list[Delivery]]:
        """Extend leases, or give messages back with 0: `(stale ids, those that have been tried too often)`."""
        stale, exhausted = [], []
        for ack_id in ack_ids:
            delivery = self._leased.get(ack_id)
            if delivery is None:
                stale.append(ack_id)
            elif deadline > 0:
                delivery.expires = self._now() + deadline
            else:
                exhausted += self.give_back(delivery)
        return stale, exhausted

    def give_back(self, delivery: Delivery) -> list[Delivery]:
        """A nack: ready again after the backoff, or returned here for the dead-letter topic."""
        self._leased.pop(delivery.ack_id, None)
        self._notify_freed()
        policy = self.subscription.dead_letter_policy
        if policy.dead_letter_topic and delivery.attempts >= (policy.max_delivery_attempts or 5):
            return [delivery]
        wait = self._backoff(delivery.attempts)
        for again in self._with_followers(delivery):
            if wait > 0:
                heapq.heappush(self._later, (self._now() + wait, again.number, again))
            else:
                self._ready.appendleft(again)
        if wait > 0 and self._key(delivery):
            self._held[self._key(delivery)] = self._now() + wait
        self.arrived.set()
        return []

    def _with_followers(self, delivery: Delivery) -> list[Delivery]:
        """It and, in an ordered subscription, all of its key that come after it, last first: they are delivered again in order."""
        key = self._key(delivery)
        if not key:
            return [delivery]
        revoked = [
            later for later in self._leased.values() if self._key(later) == key and later.number > delivery.number
        ]
        for later in revoked:
            del self._leased[later.ack_id]
        waiting = [later for later in self._ready if self._key(later) == key and later.number > delivery.number]
        for later in waiting:
            self._ready.remove(later)
        return sorted([delivery, *revoked, *waiting], key=lambda later: -later.number)

    def forget(self, delivery: Delivery) -> None:
        """After it went to the dead-letter topic, or when it is older than its subscription keeps messages."""
        self._store.mark_acked(self.name, [delivery.number], keep=False)

    def expire(self) -> list[Delivery]:
        """Leases that ran out come back as nacks; those tried too often are returned."""
        now = self._now()
        due = [delivery for delivery in self._leased.values() if delivery.expires <= now]
        exhausted = [dead for delivery in due for dead in self.give_back(delivery)]
        self._wake_due()
        return exhausted

    def _retention(self) -> float:
        """Seconds a message is kept for, acknowledged or not."""
        return seconds(self.subscription.message_retention_duration or dt.timedelta(days=7))

    def _wake_due(self) -> None:
        now = self._now()
        while self._later and self._later[0][0] <= now:
            self._ready.append(heapq.heappop(self._later)[2])
            self.arrived.set()
        if not self._ready:
            self.arrived.clear()

    def _backoff(self, attempts: int) -> float:
        """Exponential from the least to the most; without a policy, at once."""
        if "retry_policy" not in self.subscription:
            return 0.0
        policy = self.subscription.retry_policy
        least = seconds(policy.minimum_backoff) if "minimum_backoff" in policy else 10.0
        most = seconds(policy.maximum_backoff) if "maximum_backoff" in policy else 600.0
        return (
            float(min(least * 2 ** min(attempts - 1, 30), most))
            if least
            else min(0.1 * 2 ** min(attempts - 1, 30), most)
        )

    def _key(self, delivery: Delivery) -> str:
        return str(delivery.message.ordering_key) if self.subscription.enable_message_ordering else ""
