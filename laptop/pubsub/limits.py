"""The limits of Pub/Sub's API reference and its quotas page: each function names the first one that is passed, or "". Pure."""

from __future__ import annotations

from collections.abc import Sequence

from google.pubsub_v1.types import PubsubMessage, Subscription

from laptop.pubsub.times import seconds

_MESSAGES, _MESSAGE_BYTES = 1000, 10 * 1000 * 1000
_ATTRIBUTES, _KEY_BYTES, _VALUE_BYTES, _ORDERING_KEY_BYTES = 100, 256, 1024, 1024
_DEADLINE = (10, 600)
_ATTEMPTS = (5, 100)
_BACKOFF_SECONDS = 600
_RETENTION_SECONDS = (600, 31 * 86400)


def find_message_fault(messages: Sequence[PubsubMessage]) -> str:
    """What is wrong with the messages of one Publish call."""
    if not 1 <= len(messages) <= _MESSAGES:
        return f"a request has 1 to {_MESSAGES} messages, not {len(messages)}"
    if len({message.ordering_key for message in messages}) > 1:
        return "all messages of a request must have the same ordering key"
    return next(filter(None, map(_fault_of, messages)), "")


def _fault_of(message: PubsubMessage) -> str:
    attributes = {key.encode(): value.encode() for key, value in message.attributes.items()}
    if not message.data and not attributes:
        return "a message needs data or attributes"
    if len(message.data) > _MESSAGE_BYTES:
        return f"a message has at most {_MESSAGE_BYTES} bytes"
    if len(attributes) > _ATTRIBUTES:
        return f"a message has at most {_ATTRIBUTES} attributes"
    if any(not 0 < len(key) <= _KEY_BYTES or len(value) > _VALUE_BYTES for key, value in attributes.items()):
        return f"an attribute has a key of 1 to {_KEY_BYTES} bytes and a value of at most {_VALUE_BYTES}"
    if len(message.ordering_key.encode()) > _ORDERING_KEY_BYTES:
        return f"an ordering key has at most {_ORDERING_KEY_BYTES} bytes"
    return ""


def find_subscription_fault(subscription: Subscription) -> str:
    """What is wrong with a subscription's numbers; 0 stands for the default of each."""
    deadline, attempts = subscription.ack_deadline_seconds, subscription.dead_letter_policy.max_delivery_attempts
    if deadline and not _DEADLINE[0] <= deadline <= _DEADLINE[1]:
        return f"ack_deadline_seconds is {_DEADLINE[0]} to {_DEADLINE[1]}, not {deadline}"
    if attempts and not _ATTEMPTS[0] <= attempts <= _ATTEMPTS[1]:
        return f"max_delivery_attempts is {_ATTEMPTS[0]} to {_ATTEMPTS[1]}, not {attempts}"
    retention = seconds(subscription.message_retention_duration) if subscription.message_retention_duration else None
    if retention is not None and not _RETENTION_SECONDS[0] <= retention <= _RETENTION_SECONDS[1]:
        return f"message_retention_duration is 10 minutes to 31 days, not {retention:.0f} s"
    return _find_backoff_fault(subscription)


def _find_backoff_fault(subscription: Subscription) -> str:
    policy = subscription.retry_policy
    least = seconds(policy.minimum_backoff) if "minimum_backoff" in policy else 10.0
    most = seconds(policy.maximum_backoff) if "maximum_backoff" in policy else 600.0
    if "retry_policy" in subscription and not 0 <= least <= most <= _BACKOFF_SECONDS:
        return f"retry_policy is 0 to {_BACKOFF_SECONDS} s, the least first, not {least:g} to {most:g}"
    return ""


def find_deadline_fault(deadline: int) -> str:
    """What is wrong with a ModifyAckDeadline."""
    return "" if 0 <= deadline <= _DEADLINE[1] else f"ack_deadline_seconds is 0 to {_DEADLINE[1]}, not {deadline}"
