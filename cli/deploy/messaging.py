"""Buckets, topics and the filtered push subscriptions that bring events to functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.api_core.exceptions import AlreadyExists, Conflict
from google.protobuf.duration_pb2 import Duration

from cli.deploy.clients import AdminClients
from ripple.routes import BUCKETS, STAGES, TOPICS, Command, Fact, filter_of, subscription_name

DEAD_LETTERS = "ripple-dead-letters"
LEDGER = "ripple-ledger"


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
    # What the ledger cannot take, such as data that is no UTF-8, must not be tried for a month and then be lost.
    dead = {"dead_letter_topic": _topic(clients, DEAD_LETTERS), "max_delivery_attempts": 100}
    backoff = {"minimum_backoff": Duration(seconds=1), "maximum_backoff": Duration(seconds=600)}
    _write_to_table(clients, LEDGER, "ripple-events", "events", dead_letter_policy=dead, retry_policy=backoff)
    _write_to_table(clients, f"{DEAD_LETTERS}-ledger", DEAD_LETTERS, "dead_letters")


def _write_to_table(clients: AdminClients, name: str, topic: str, table: str, **more: Any) -> None:
    subscription = {
        "name": _subscription(clients, name),
        "topic": _topic(clients, topic),
        "bigquery_config": {"table": f"{clients.project}.ops.{table}", "write_metadata": True},
        # An empty ttl never expires. The longest retention outlasts a month in which BigQuery takes nothing.
        "expiration_policy": {},
        "message_retention_duration": Duration(seconds=31 * 86400),
    }
    _create(clients.subscriber.create_subscription, subscription | more)


def make_subscriptions(clients: AdminClients, uris: Mapping[str, str]) -> None:
    """One push subscription a trigger; `uris` maps a stage to where its function listens."""
    for stage in (STAGES[name] for name in uris):
        for trigger in stage.triggers:
            if isinstance(trigger, Fact | Command):
                _make_subscription(clients, stage.name, trigger, uris[stage.name], stage.timeout_seconds)


def _make_subscription(clients: AdminClients, stage: str, trigger: Fact | Command, uri: str, timeout: int) -> None:
    name = _subscription(clients, subscription_name(stage, trigger))
    push: dict[str, Any] = {
        "push_endpoint": uri + "/",
        "oidc_token": {"service_account_email": f"{stage.replace('_', '-')}@{clients.project}.iam.gserviceaccount.com"},
    }
    if isinstance(trigger, Fact):
        push["no_wrapper"] = {"write_metadata": True}
    topic = "ripple-events" if isinstance(trigger, Fact) else trigger.topic
    subscription = {
        "name": name,
        "topic": _topic(clients, topic),
        "filter": filter_of(trigger),
        "push_config": push,
        "ack_deadline_seconds": min(timeout, 600),
        "message_retention_duration": Duration(seconds=7 * 86400),
        "retry_policy": {"minimum_backoff": Duration(seconds=1), "maximum_backoff": Duration(seconds=600)},
        "dead_letter_policy": {"dead_letter_topic": _topic(clients, DEAD_LETTERS), "max_delivery_attempts": 20},
        "expiration_policy": {},
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
