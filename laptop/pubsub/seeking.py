"""Bring the past back: seek to a time or to a snapshot, and take snapshots."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping

import grpc
from google.pubsub_v1.types import PubsubMessage, Snapshot

from laptop.pubsub.backlog import Backlog
from laptop.pubsub.broker import Broker
from laptop.pubsub.store import MessageStore
from laptop.pubsub.times import seconds
from laptop.rpc import RpcError

_LIFE_SECONDS, _LEAST_SECONDS = 7 * 86400, 3600


class Seeker:
    """Changes which of its messages a subscription has still to deliver."""

    def __init__(self, broker: Broker, store: MessageStore, now: Callable[[], float]) -> None:
        self._broker, self._store, self._now = broker, store, now
        self._snapshots = {found.name: found for found in map(Snapshot.deserialize, store.resources("snapshot"))}

    def seek_time(self, name: str, moment: float) -> None:
        """Before `moment` acknowledged, from it on not: the past is there as far as topic or subscription kept it."""
        backlog = self._broker.backlog(name)
        rows = [row for acked in (True, False) for row in self._store.deliveries(name, acked=acked)]
        times = {number: published for number, _, _, published in rows}
        topic = self._broker.topics.get(backlog.subscription.topic)
        if topic is not None and topic.message_retention_duration:
            since = self._now() - seconds(topic.message_retention_duration)
            kept = self._store.messages_of(topic.name, since)
            times |= {number: at for number, body, at in kept if _wants(backlog, body)}
        self._set(backlog, {number: published < moment for number, published in times.items()})

    def create_snapshot(self, name: str, subscription: str, labels: Mapping[str, str]) -> Snapshot:
        """Keep what is unacknowledged now and all that comes later, for 7 days less the age of the oldest message."""
        if name in self._snapshots:
            raise RpcError(grpc.StatusCode.ALREADY_EXISTS, f"Resource already exists in the project (resource={name}).")
        topic = self._broker.backlog(subscription).subscription.topic
        pending = self._store.deliveries(subscription, acked=False)
        oldest = min((published for *_, published in pending), default=self._now())
        life = _LIFE_SECONDS - (self._now() - oldest)
        if life < _LEAST_SECONDS:
            raise RpcError(grpc.StatusCode.FAILED_PRECONDITION, "the snapshot would expire in less than 1 hour")
        snapshot = Snapshot(name=name, topic=topic, labels=dict(labels))
        snapshot.expire_time = dt.datetime.fromtimestamp(self._now() + life, dt.UTC)  # type: ignore[assignment]
        state = {"pending": [number for number, *_ in pending], "next": self._store.next_message_id()}
        with self._store.change():
            self._store.put_resource("snapshot", name, Snapshot.serialize(snapshot))
            self._store.put_resource("snapshot_state", name, json.dumps({"name": name, **state}).encode())
        self._snapshots[name] = snapshot
        return snapshot

    def seek_snapshot(self, subscription: str, name: str) -> None:
        """What was acknowledged when the snapshot was taken is acknowledged, all else is not."""
        if name not in self._snapshots:
            raise RpcError(grpc.StatusCode.NOT_FOUND, f"Resource not found (resource={name}).")
        backlog, topic = self._broker.backlog(subscription), self._snapshots[name].topic
        if backlog.subscription.topic != topic:
            raise RpcError(grpc.StatusCode.INVALID_ARGUMENT, f"the snapshot is of {topic}")
        state = next(
            found for found in map(json.loads, self._store.resources("snapshot_state")) if found["name"] == name
        )
        later = [number for number, body in self._store.messages_from(topic, state["next"]) if _wants(backlog, body)]
        back = {*state["pending"], *later}
        known = {number for acked in (True, False) for number, *_ in self._store.deliveries(subscription, acked=acked)}
        self._set(backlog, {number: number not in back for number in known | back})

    def _set(self, backlog: Backlog, acked: Mapping[int, bool]) -> None:
        with self._store.change():
            for state in (True, False):
                chosen: Iterable[int] = [number for number, is_acked in acked.items() if is_acked == state]
                self._store.set_acked_all(backlog.name, chosen, state)
        backlog.reload()


def _wants(backlog: Backlog, body: bytes) -> bool:
    return backlog.matches(dict(PubsubMessage.deserialize(body).attributes))
