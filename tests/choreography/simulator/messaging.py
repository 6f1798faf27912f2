"""Pub/Sub, Eventarc and Scheduler: at least once, in any order, with backoff, and with an end to patience."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ripple.deployment.routes import EVENTS, FINALIZED
from ripple.errors import PermanentError
from ripple.handling.shell import Command, Payload, decode
from ripple.handling.stating import Cause
from ripple.ports import StoredObject
from ripple.wire.events import Envelope, Fact
from tests.choreography.simulator.faults import HOUR
from tests.choreography.simulator.subscriptions import Subscription, subscriptions
from tests.functions.fakes import FakeDeadLetters

if TYPE_CHECKING:
    from tests.choreography.simulator.world import World

SKEW = 600.0
EVENTARC_WINDOW = 24 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Message:
    """`headers` and `body` as they are pushed, `attributes` and `data` as they were published."""

    name: str
    headers: Mapping[str, str]
    body: bytes
    attributes: Mapping[str, str] = field(default_factory=dict)
    data: bytes = b""
    correlation_id: str = ""
    published_at: float = 0.0


@dataclass(slots=True)
class Delivery:
    """One copy of a message on its way to one stage."""

    subscription: Subscription
    message: Message
    copy: int
    attempt: int = 0

    @property
    def name(self) -> str:
        return f"{self.subscription.stage}:{self.message.name}/{self.copy}.{self.attempt}"


@dataclass(slots=True)
class Messages:
    world: World
    attempts: int
    routes: dict[tuple[str, str], list[Subscription]] = field(default_factory=dict)
    published: list[Fact] = field(default_factory=list)
    dead_letters: FakeDeadLetters = field(default_factory=FakeDeadLetters)
    refused: list[tuple[str, PermanentError]] = field(default_factory=list)
    handled: Counter[str] = field(default_factory=Counter)
    asked_trainings: int = 0
    _sent: Counter[str] = field(default_factory=Counter)
    _decoded: dict[Message, tuple[Payload, Cause]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for subscription in subscriptions():
            self.routes.setdefault((subscription.kind, subscription.of), []).append(subscription)

    def publish(self, envelope: Envelope) -> None:
        """As the bus does: attributes and body on the wire."""
        self.published.append(envelope.fact)
        self._send_fact(envelope.attributes(), envelope.body())

    def command(self, topic: str, kind: str, message_id: str, body: Mapping[str, Any]) -> None:
        """As someone outside publishes it to a command topic."""
        self.asked_trainings += body.get("kind") == "training"
        self._send_command(topic, message_id, {"kind": kind}, json.dumps(body).encode())

    def send_back(self, topic: str, data: bytes, attributes: Mapping[str, str]) -> None:
        """As `functions/replay` publishes a dead letter again: every subscription of the topic that wants it receives it."""
        if topic == EVENTS:
            self._send_fact(attributes, data)
        else:
            self._send_command(topic, f"back-{attributes['ripple-redriven']}", attributes, data)

    def _send_fact(self, attributes: Mapping[str, str], data: bytes) -> None:
        """Pushed without a wrapper: the attributes are the headers."""
        self._send("fact", attributes["ce-type"], attributes["ce-id"], attributes, data, attributes, data)

    def _send_command(self, topic: str, message_id: str, attributes: Mapping[str, str], data: bytes) -> None:
        """A wrapped push."""
        message = {
            "messageId": message_id,
            "publishTime": self.world.moment().isoformat(),
            "attributes": dict(attributes),
            "data": base64.b64encode(data).decode(),
        }
        pushed = json.dumps({"message": message}).encode()
        self._send("command", f"{topic}/{attributes['kind']}", message_id, {}, pushed, attributes, data)

    def tick(self, kind: str, message_id: str, body: Mapping[str, Any]) -> None:
        """Cloud Scheduler fires, now and then twice: a second message, some minutes later."""
        engine = self.world.engine
        self.command("ripple-ticks", kind, message_id, body)
        if engine.faults.strikes("tick twice", message_id, engine.now):
            again = engine.faults.lasts(f"again {message_id}", 1, 300, engine.now)
            engine.after(again, lambda: self.command("ripple-ticks", kind, f"{message_id}+", body))

    def finalize(self, stored: StoredObject) -> None:
        """Eventarc's event of a new object; now and then none comes."""
        name, engine = stored.ref.name, self.world.engine
        short = stored.ref.bucket.rsplit("-", 1)[1]
        if engine.faults.strikes("finalize lost", name, engine.now):
            engine.say(f"the finalize event of {name} is lost for good")
            return
        headers = {
            "ce-specversion": "1.0",
            "ce-id": f"finalize-{name}",
            "ce-type": FINALIZED,
            "ce-source": f"//storage.googleapis.com/projects/_/buckets/{stored.ref.bucket}",
            "ce-subject": f"objects/{name}",
            "ce-time": self.world.moment().isoformat(),
            "content-type": "application/json",
        }
        resource = {
            "bucket": stored.ref.bucket,
            "name": name,
            "generation": str(stored.ref.generation),
            "size": str(stored.size),
            "metadata": dict(stored.metadata),
        }
        self._send("finalize", short, headers["ce-id"], headers, json.dumps(resource).encode())

    def _send(
        self, kind: str, of: str, name: str, headers: Mapping[str, str], body: bytes,
        attributes: Mapping[str, str] | None = None, data: bytes = b"",
    ) -> None:  # fmt: skip
        self._sent[name] += 1
        known = f"{name}~{self._sent[name]}" if self._sent[name] > 1 else name
        published_at = self.world.engine.now
        message = Message(
            name=known, headers=headers, body=body, attributes=attributes or {}, data=data, published_at=published_at
        )
        for subscription in self.routes.get((kind, of), []):
            self._queue(subscription, message)

    def _queue(self, subscription: Subscription, message: Message) -> None:
        engine = self.world.engine
        place = f"{subscription.stage}:{message.name}"
        copies = 2 if engine.faults.strikes("duplicate", place, engine.now) else 1
        for copy in range(copies):
            seconds = 0.05 + engine.faults.roll(f"travel@{place}/{copy}")
            if engine.faults.strikes("delay", f"{place}/{copy}", engine.now):
                seconds = engine.faults.lasts(f"{place}/{copy}", 10, HOUR, engine.now)
            delivery = Delivery(subscription, message, copy)
            engine.after(seconds, lambda delivery=delivery: self.attempt(delivery))  # type: ignore[misc]

    def attempt(self, delivery: Delivery) -> None:
        """One push. What is not answered well in time comes again."""
        delivery.attempt += 1
        engine = self.world.engine
        current = replace(delivery)
        dropped = engine.faults.strikes("drop", delivery.name, engine.now)
        if dropped and engine.faults.roll(f"answer@{delivery.name}") < 0.5:
            engine.say(f"{delivery.name}: the push is lost")
            self._again(current)
        else:
            self._push(current, answered=not dropped)

    def _push(self, delivery: Delivery, answered: bool) -> None:
        engine = self.world.engine
        settled: list[bool] = []

        def settle(error: BaseException | None) -> None:
            if not settled:
                settled.append(True)
                if error is not None or not answered:
                    self._again(delivery)

        def late() -> None:
            if not settled:
                engine.say(f"{delivery.name}: no answer in time")
                settle(TimeoutError())

        engine.spawn(delivery.name, lambda: self._handle(delivery), settle)
        engine.after(delivery.subscription.ack_seconds, late)

    def _handle(self, delivery: Delivery) -> None:
        """What `ripple.handling.shell.serve` does of one request: decode, call the stage, make a dead letter of what can never work."""
        stage = delivery.subscription.stage
        self.handled[stage] += 1
        try:
            message = delivery.message
            if message not in self._decoded:
                self._decoded[message] = decode(message.headers, message.body)
            payload, cause = self._skewed(delivery, *self._decoded[message])
            self.world.handlers[stage](payload, cause, self.world.edge)
        except PermanentError as error:
            self.world.engine.say(f"dead letter: {error}")
            self.refused.append((stage, error))

    def _skewed(self, delivery: Delivery, payload: Payload, cause: Cause) -> tuple[Payload, Cause]:
        """Each delivery sees times as another machine's clock would have written them."""
        if not self.world.engine.faults.active(self.world.engine.now):
            return payload, cause
        roll = self.world.engine.faults.roll(f"skew@{delivery.name}")
        skew = dt.timedelta(seconds=self.world.skew * (2 * roll - 1))
        if isinstance(payload, Command):
            payload = replace(payload, published_at=payload.published_at + skew)
        return payload, replace(cause, time=cause.time + skew)

    def _again(self, delivery: Delivery) -> None:
        engine = self.world.engine
        backoff = min(600.0, 1.0 * 2**delivery.attempt)
        if delivery.subscription.kind == "finalize":
            backoff = min(600.0, 10.0 * 2 ** (delivery.attempt - 1))
            if engine.now + backoff - delivery.message.published_at > EVENTARC_WINDOW:
                return
        elif delivery.attempt >= self.attempts:
            engine.say(f"{delivery.name}: dead letter after {delivery.attempt} attempts")
            self._give_up(delivery)
            return
        following = replace(delivery)
        engine.after(backoff, lambda: self.attempt(following))

    def _give_up(self, delivery: Delivery) -> None:
        """As Pub/Sub forwards it to the dead-letter topic, with where it comes from and how often it was pushed."""
        source = {
            "CloudPubSubDeadLetterSourceSubscription": delivery.subscription.name,
            "CloudPubSubDeadLetterSourceDeliveryCount": str(delivery.attempt),
            "CloudPubSubDeadLetterSourceTopicPublishTime": self.world.moment_at(
                delivery.message.published_at
            ).isoformat(),
        }
        number = len(self.dead_letters.letters) + 1
        self.dead_letters.put(number, delivery.message.data, {**delivery.message.attributes, **source})
