"""Errors that say whether another try can help. Only the shell turns them into a status code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class PermanentError(Exception):
    """It can never work. `code` is a stable word, `reason` names what was wrong and where, `next_step` what to do."""

    code: str
    reason: str
    next_step: str = ""
    fields: Sequence[str] = field(default_factory=tuple)

    def __str__(self) -> str:
        return f"{self.code}: {self.reason}" + (f" ({self.next_step})" if self.next_step else "")


@dataclass(slots=True)
class RetryableError(Exception):
    """It may work later: raised so that Pub/Sub delivers again with backoff."""

    reason: str

    def __str__(self) -> str:
        return self.reason
