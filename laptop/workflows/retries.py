"""Retry policies of the standard library, and when to try again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from laptop.workflows.errors import tagged
from laptop.workflows.evaluation import FunctionName
from laptop.workflows.operators import is_number

_BACKOFF = {"initial_delay": 1.0, "max_delay": 60.0, "multiplier": 1.25}
IDEMPOTENT = "http.default_retry_predicate"
NON_IDEMPOTENT = "http.default_retry_predicate_non_idempotent"
_CODES = {IDEMPOTENT: (429, 502, 503, 504), NON_IDEMPOTENT: (429, 503)}
_TAGS = {
    IDEMPOTENT: {"ConnectionError", "ConnectionFailedError", "TimeoutError"},
    NON_IDEMPOTENT: {"ConnectionFailedError"},
}
POLICIES: dict[str, dict[str, Any]] = {
    "http.default_retry": {"predicate": FunctionName(name=IDEMPOTENT), "max_retries": 5, "backoff": _BACKOFF},
    "http.default_retry_non_idempotent": {
        "predicate": FunctionName(name=NON_IDEMPOTENT),
        "max_retries": 5,
        "backoff": _BACKOFF,
    },
}
PREDICATES = frozenset({IDEMPOTENT, NON_IDEMPOTENT, "retry.always", "retry.never"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """`predicate` None retries every error; `delays` are seconds, one for each further attempt."""

    predicate: FunctionName | None
    delays: tuple[float, ...]


def decide_retry(name: str, error: Any) -> bool:
    """Does this predicate of the standard library retry `error`?"""
    if name.startswith("retry."):
        return name == "retry.always"
    if not isinstance(error, dict):
        return False
    return error.get("code") in _CODES[name] or not _TAGS[name].isdisjoint(error.get("tags", []))


def read_policy(given: Any) -> RetryPolicy:
    """The policy of an evaluated `retry:`. Raises TypeError or ValueError for parts that make no sense."""
    if not isinstance(given, dict):
        raise tagged("TypeError", "retry needs a policy: a map or http.default_retry")
    predicate = given.get("predicate")
    if predicate is not None and not isinstance(predicate, FunctionName):
        raise tagged("TypeError", "the predicate of a retry must be a function")
    backoff = {**_BACKOFF, **(given.get("backoff") or {})}
    attempts = given.get("max_retries", 0)
    if type(attempts) is not int or not all(is_number(value) and value >= 0 for value in backoff.values()):
        raise tagged("ValueError", "retry needs an integer max_retries and numbers, not negative, in backoff")
    return RetryPolicy(predicate=predicate, delays=tuple(_delays(attempts, backoff)))


def _delays(attempts: int, backoff: dict[str, float]) -> Iterator[float]:
    delay = backoff["initial_delay"]
    for _ in range(attempts):
        yield min(delay, backoff["max_delay"])
        delay = min(delay * backoff["multiplier"], backoff["max_delay"])
