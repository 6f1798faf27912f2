"""What is stated when something is done again, or did not come."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ripple.errors import PermanentError
from ripple.wire.events.fact import Fact

UPKEEP = "sweep-"
"""How the ids of replays by `sweep` begin."""
_BATCH = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayRunPlanned(Fact):
    """What a replay command fires and changes, in words; a dry run ends here, a run confirms it and goes on."""

    TYPE: ClassVar[str] = "replay.run.planned.v1"
    replay_id: str
    kind: str
    dry_run: bool
    targets: Sequence[str]
    fires: Sequence[str]
    tables: Sequence[str]
    words: Sequence[str]

    @property
    def subject(self) -> str:
        return self.replay_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayRunStarted(Fact):
    """Something runs again, by a person or by `sweep`: objects, a sales manifest, an ELT batch, its
    training, a held flow, or dead letters."""

    TYPE: ClassVar[str] = "replay.run.started.v1"
    NAMES: ClassVar[tuple[str, ...]] = ("replay_id",)
    replay_id: str
    kind: str
    targets: Sequence[str]

    @property
    def subject(self) -> str:
        return self.replay_id

    @property
    def is_upkeep(self) -> bool:
        """Whether `sweep` says it: of what never came, and not of what is to be done once more."""
        return self.replay_id.startswith(UPKEEP)

    def batches(self) -> list[int]:
        """The numbers that a replay of batches or of training names; PermanentError for anything else."""
        if not all(_BATCH.fullmatch(target) for target in self.targets):
            raise PermanentError("event_malformed", f"a {self.kind} replay names numbers, not {self.targets!r:.200}")
        return [int(target) for target in self.targets]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStalled(Fact):
    """An expected fact did not come within its stage's promise."""

    TYPE: ClassVar[str] = "run.stalled.v1"
    stalled: str
    expected: str
    of: str
    since: str
    reason: str

    @property
    def subject(self) -> str:
        return self.stalled

    @property
    def key(self) -> str:
        return f"{self.stalled}/{self.expected}/{self.since}"
