"""What a deployment has beside its functions: ledgers, generator jobs, ticks. Laptop and Terraform read the same tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ripple.deployment.routes import DEAD_LETTERS, EVENTS, DeliveryPolicy
from ripple.flows import find_flow, list_generated


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """A topic whose messages a subscription writes to `ops.{table}`, with no code of ours; `data` is its column's type."""

    topic: str
    table: str
    data: str
    delivery: DeliveryPolicy

    @property
    def subscription(self) -> str:
        return "ripple-ledger" if self.topic == EVENTS else f"{self.topic}-ledger"

    @property
    def columns(self) -> Mapping[str, str]:
        """What a BigQuery subscription with metadata writes."""
        text = dict.fromkeys(("subscription_name", "message_id"), "STRING")
        return text | {"publish_time": "TIMESTAMP", "data": self.data, "attributes": "STRING"}


_MONTH = 31 * 86400
"""The longest retention: it outlasts a month in which BigQuery takes nothing."""
LEDGERS = (
    # What the ledger cannot take, such as data that is no UTF-8, must not be tried for a month and then be lost.
    Ledger(
        topic=EVENTS, table="events", data="STRING", delivery=DeliveryPolicy(retention_seconds=_MONTH, attempts=100)
    ),
    # A dead letter may be any bytes; a STRING column would refuse those that are not UTF-8, until they expire.
    Ledger(
        topic=DEAD_LETTERS,
        table="dead_letters",
        data="BYTES",
        delivery=DeliveryPolicy(retention_seconds=_MONTH, attempts=None),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorJob:
    """One Cloud Run job: tasks at once, mebibytes and seconds a task may use, how often one is tried again."""

    flow: str
    needs_pepper: bool
    tasks: int = 1
    memory_mib: int = 2048
    timeout_seconds: int = 3600
    retries: int = 3

    @property
    def name(self) -> str:
        return f"generate-{self.flow}"


def list_jobs() -> Mapping[str, GeneratorJob]:
    """The job of each flow that is simulated."""
    generators = {flow: find_flow(flow).generator or {} for flow in list_generated()}
    return {flow: GeneratorJob(flow=flow, needs_pepper=said["pepper"]) for flow, said in generators.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A message that Cloud Scheduler sends to `ripple-ticks`: when (cron, UTC), of which kind, with which body."""

    name: str
    schedule: str
    kind: str
    body: Mapping[str, object] = field(default_factory=dict)
    starts_paused: bool = False


def list_ticks() -> tuple[Tick, ...]:
    """The daily tick, of all flows that are simulated, if there are any; and that of sweep."""
    flows = list(list_generated())
    daily = Tick(name="ripple-daily", schedule="0 3 * * *", kind="batch", body={"flows": flows}, starts_paused=True)
    return (*([daily] if flows else []), Tick(name="ripple-sweep", schedule="*/5 * * * *", kind="sweep"))
