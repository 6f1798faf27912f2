"""Buckets, topics and the filtered push subscriptions that bring events to functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.api_core.exceptions import AlreadyExists, Conflict
from google.protobuf.duration_pb2 import Duration

from cli.provisioning.clients import AdminClients
from ripple.deployment.parts import LEDGERS, Ledger
from ripple.deployment.routes import (
    BUCKETS,
    DEAD_LETTERS,
    EVENTS,
    PUSH,
    STAGES,
    TOPICS,
    CommandTrigger,
    DeliveryPolicy,
    FactTrigger,
    StageRoute,
    caller,
    filter_of,
    subscription_name,
)


def make_buckets(clients: AdminClients) -> None:
    for name in BUCKETS:
        bucket = clients.storage.bucket(f"{clients.project}-{name}")
        try:
            bucket.create(location=clients.location)
        except Conflict:
            continue


def make_topics(clients: AdminClients) -> None:
    for topic in TOPICS:
        _create(clients.publisher.create_topic, {"name": _topic(clients, topic)})


def make_ledger(clients: AdminClients) -> None:
    """Every event is also written to `ops.events`, and every dead letter to `ops.dead_letters`, with no code of ours."""
    for ledger in LEDGERS:
        _create(clients.subscriber.create_subscription, _describe_ledger(clients, ledger))


def _describe_ledger(clients: AdminClients, ledger: Ledger) -> dict[str, Any]:
    return _describe_delivery(clients, ledger.delivery) | {
        "name": _subscription(clients, ledger.subscription),
        "topic": _topic(clients, ledger.topic),
        "bigquery_config": {"table": f"{clients.project}.ops.{ledger.table}", "write_metadata": True},
    }


def _describe_delivery(clients: AdminClients, delivery: DeliveryPolicy) -> dict[str, Any]:
    waits = {
        "minimum_backoff": Duration(seconds=delivery.minimum_backoff_seconds),
        "maximum_backoff": Duration(seconds=delivery.maximum_backoff_seconds),
    }
    tried = {
        # An empty ttl never expires.
        "expiration_policy": {},
        "message_retention_duration": Duration(seconds=delivery.retention_seconds),
        "retry_policy": waits,
    }
    if delivery.attempts is None:
        return tried
    dead = {"dead_letter_topic": _topic(clients, DEAD_LETTERS), "max_delivery_attempts": delivery.attempts}
    return tried | {"dead_letter_policy": dead}


def make_subscriptions(clients: AdminClients, uris: Mapping[str, str]) -> None:
    """One push subscription a trigger; `uris` maps the stages that are deployed to where their functions listen."""
    for name, uri in uris.items():
        for trigger in STAGES[name].triggers:
            if isinstance(trigger, FactTrigger | CommandTrigger):
                _make_subscription(clients, STAGES[name], trigger, uri)


def _make_subscription(
    clients: AdminClients, stage: StageRoute, trigger: FactTrigger | CommandTrigger, uri: str
) -> None:
    name = _subscription(clients, subscription_name(stage.name, trigger))
    identity = f"{caller(stage.name)}@{clients.project}.iam.gserviceaccount.com"
    push: dict[str, Any] = {"push_endpoint": uri + "/", "oidc_token": {"service_account_email": identity}}
    if isinstance(trigger, FactTrigger):
        push["no_wrapper"] = {"write_metadata": True}
    subscription = _describe_delivery(clients, PUSH) | {
        "name": name,
        "topic": _topic(clients, EVENTS if isinstance(trigger, FactTrigger) else trigger.topic),
        "filter": filter_of(trigger),
        "push_config": push,
        "ack_deadline_seconds": stage.ack_deadline_seconds,
    }
    if not _create(clients.subscriber.create_subscription, subscription):
        clients.subscriber.modify_push_config(request={"subscription": name, "push_config": push})


def _create(create: Any, request: Mapping[str, Any]) -> bool:
    try:
        create(request=request)
    except AlreadyExists:
        return False
    return True


def _topic(clients: AdminClients, name: str) -> str:
    return f"projects/{clients.project}/topics/{name}"


def _subscription(clients: AdminClients, name: str) -> str:
    return f"projects/{clients.project}/subscriptions/{name}"
