"""What an execution touches outside itself, handed in so that tests and other hosts can choose it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Connectors(Protocol):
    def call(self, name: str, arguments: dict[str, Any]) -> Awaitable[Any]: ...


class Requests(Protocol):
    def send(self, method: str, arguments: dict[str, Any]) -> Awaitable[Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionEnvironment:
    """Clock in seconds since 1970, sleep, ids, log, environment variables, HTTP and connectors of one execution."""

    now: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    new_id: Callable[[], str]
    log: Callable[[str, Any], None]
    variables: Mapping[str, str]
    requests: Requests
    connectors: Connectors
