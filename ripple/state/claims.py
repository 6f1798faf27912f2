"""`claims`: which workflow execution works for an epoch of a batch. `workflows/run_elt.yaml` writes it in its first step."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from ripple.state.collection import Collection
from ripple.state.records import Record

VERSION = 1
SWEEP = "sweep"
"""As an execution: `sweep` took the claim, and an execution of the epoch that wakes later ends at its first step."""
KEPT = dt.timedelta(days=30)
"""After that no execution of the epoch can still begin. The workflow says so too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRecord(Record):
    """One epoch of one batch; its id is `{batch}-{epoch}`."""

    batch: int
    """Number of the batch."""
    epoch: int
    """Fencing token of the run."""
    execution: str
    """Resource name of the execution that holds the claim, or `sweep`."""
    claimed_at: dt.datetime
    """When it was taken."""
    expires_at: dt.datetime | None = None
    """When Firestore deletes it, thirty days after it was taken."""
    ended_at: dt.datetime | None = None
    """When `sweep` first saw that the execution has ended; absent while it has not."""


CLAIMS = Collection(
    name="claims",
    record=ClaimRecord,
    version=VERSION,
    written_by=("workflows/run_elt", "sweep"),
    read_by=("workflows/run_elt", "sweep"),
)


def claim_id(batch: int, epoch: int) -> str:
    return f"{batch}-{epoch}"
