import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.pubsub_v1.types import DeadLetterPolicy, PubsubMessage, RetryPolicy, Subscription

from laptop.pubsub.limits import find_deadline_fault, find_message_fault, find_subscription_fault

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "limits.yaml").read_text())


def subscription(case: dict[str, Any]) -> Subscription:
    made = Subscription(ack_deadline_seconds=case.get("ack_deadline_seconds", 0))
    if "attempts" in case:
        made.dead_letter_policy = DeadLetterPolicy(max_delivery_attempts=case["attempts"])
    if "retention" in case:
        made.message_retention_duration = dt.timedelta(seconds=case["retention"])
    if "backoff" in case:
        least, most = (None if each is None else dt.timedelta(seconds=each) for each in case["backoff"])
        made.retry_policy = RetryPolicy(minimum_backoff=least, maximum_backoff=most)
    return made


def message(sizes: dict[str, int]) -> PubsubMessage:
    attributes = {f"a{number}": "v" for number in range(sizes.get("attributes", 0))}
    if "key" in sizes:
        attributes["k" * sizes["key"]] = "v"
    if "value" in sizes:
        attributes["k"] = "v" * sizes["value"]
    return PubsubMessage(
        data=b"x" * sizes.get("data", 0), attributes=attributes, ordering_key="o" * sizes.get("ordering_key", 0)
    )


@pytest.mark.parametrize("case", CASES["subscriptions"], ids=str)
def test_a_subscriptions_numbers_have_the_documented_range(case: dict[str, Any]) -> None:
    fault = find_subscription_fault(subscription(case))
    assert (case["refused"] in fault) if "refused" in case else fault == ""


@pytest.mark.parametrize(("seconds", "word"), CASES["deadlines"])
def test_a_deadline_is_moved_by_ten_minutes_at_most(seconds: int, word: str) -> None:
    assert find_deadline_fault(seconds).startswith(word)
    assert bool(find_deadline_fault(seconds)) == bool(word)


@pytest.mark.parametrize("case", CASES["messages"], ids=lambda case: case["name"])
def test_a_request_to_publish_has_the_documented_sizes(case: dict[str, Any]) -> None:
    fault = find_message_fault([message(sizes) for sizes in case["messages"]] * case.get("times", 1))
    assert (case["refused"] in fault) if "refused" in case else fault == ""
