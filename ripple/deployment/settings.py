"""What the environment decides: names, limits and endpoints. Read once, at the edge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ripple.deployment.routes import DEAD_LETTERS, EVENTS, WORKFLOW

BATCH_FILES = 10_000
"""That a run can read: BigQuery takes so many URIs of one table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of the functions. Seconds, rows, bytes and ratios as named; an endpoint is `http(s)://host:port` or empty.

    Buckets default to `{project}-{name}`. An empty endpoint means Google's own.
    """

    project: str
    location: str = "us-central1"
    events_topic: str = EVENTS
    dead_letters_topic: str = DEAD_LETTERS
    workflow: str = WORKFLOW
    elt_settle_seconds: float = 10.0
    elt_lease_seconds: int = 3600
    elt_files_per_batch: int = BATCH_FILES
    elt_bytes_per_batch: int = 50 * 2**30
    """Of the claimed objects as they are stored. A larger one goes alone."""
    elt_runs_per_hour: int = 4
    """Beyond them files wait and share the next run; 0 is no cap. Retries of a failed run count, and wait for none."""
    training_jobs_per_day: int = 24
    """Beyond them the newest dataset waits; 0 is no cap. Retries and replays count, and wait for none."""
    query_bytes: int = 10 * 2**30
    """`maximumBytesBilled` of every query that the functions make themselves."""
    elt_attempts: int = 3
    elt_poll_seconds: float = 5.0
    sweep_settled_seconds: float = 120.0
    """How long what a dead execution sent may still be on its way to Dataform."""
    reject_ratio: float = 0.05
    event_slack_days: int | None = None
    """How far past its arrival a time may lie, for every flow: a simulated world runs ahead. None leaves it to the contracts."""
    export_rows_per_slice: int = 50_000
    """An export of more documents is planned in slices: one message and one Parquet object each."""
    pipeline_spec: str = ""
    pipeline_service_account: str = ""
    truth: bool = False
    endpoint_run: str = ""
    endpoint_executions: str = ""
    endpoint_vertex: str = ""
    endpoint_bigquery: str = ""
    bucket_prefix: str = ""

    def bucket(self, name: str) -> str:
        return f"{self.bucket_prefix or self.project}-{name}"

    @property
    def parent(self) -> str:
        return f"projects/{self.project}/locations/{self.location}"


_VARIABLES = {
    "project": "GOOGLE_CLOUD_PROJECT",
    "location": "RIPPLE_LOCATION",
    "events_topic": "RIPPLE_EVENTS_TOPIC",
    "dead_letters_topic": "RIPPLE_DEAD_LETTERS_TOPIC",
    "workflow": "RIPPLE_WORKFLOW",
    "elt_settle_seconds": "RIPPLE_ELT_SETTLE_SECONDS",
    "elt_lease_seconds": "RIPPLE_ELT_LEASE_SECONDS",
    "elt_files_per_batch": "RIPPLE_ELT_FILES_PER_BATCH",
    "elt_bytes_per_batch": "RIPPLE_ELT_BYTES_PER_BATCH",
    "elt_runs_per_hour": "RIPPLE_ELT_RUNS_PER_HOUR",
    "training_jobs_per_day": "RIPPLE_TRAINING_JOBS_PER_DAY",
    "query_bytes": "RIPPLE_QUERY_BYTES",
    "elt_attempts": "RIPPLE_ELT_ATTEMPTS",
    "elt_poll_seconds": "RIPPLE_ELT_POLL_SECONDS",
    "sweep_settled_seconds": "RIPPLE_SWEEP_SETTLED_SECONDS",
    "reject_ratio": "RIPPLE_REJECT_RATIO",
    "event_slack_days": "RIPPLE_EVENT_SLACK_DAYS",
    "export_rows_per_slice": "RIPPLE_EXPORT_ROWS_PER_SLICE",
    "pipeline_spec": "RIPPLE_PIPELINE_SPEC",
    "pipeline_service_account": "RIPPLE_PIPELINE_SERVICE_ACCOUNT",
    "truth": "RIPPLE_TRUTH",
    "endpoint_run": "RIPPLE_ENDPOINT_RUN",
    "endpoint_executions": "RIPPLE_ENDPOINT_EXECUTIONS",
    "endpoint_vertex": "RIPPLE_ENDPOINT_VERTEX",
    "endpoint_bigquery": "RIPPLE_ENDPOINT_BIGQUERY",
    "bucket_prefix": "RIPPLE_BUCKET_PREFIX",
}


_COUNTS = (
    "elt_lease_seconds",
    "elt_files_per_batch",
    "elt_bytes_per_batch",
    "elt_runs_per_hour",
    "training_jobs_per_day",
    "query_bytes",
    "elt_attempts",
    "event_slack_days",
    "export_rows_per_slice",
)


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Settings from environment variables; ValueError names the variables that are missing or cannot be read."""
    hints: dict[str, Callable[[str], object]] = {
        "elt_settle_seconds": float,
        "elt_poll_seconds": float,
        "sweep_settled_seconds": float,
        "reject_ratio": float,
        "truth": _truthy,
    }
    hints |= dict.fromkeys(_COUNTS, _count) | {"elt_files_per_batch": _count_files}
    values: dict[str, object] = {}
    wrong = [] if environ.get("GOOGLE_CLOUD_PROJECT") else ["GOOGLE_CLOUD_PROJECT (not set)"]
    for name, variable in _VARIABLES.items():
        if variable in environ:
            try:
                values[name] = hints.get(name, str)(environ[variable])
            except ValueError:
                wrong.append(f"{variable}={environ[variable]!r}")
    if wrong:
        raise ValueError("settings that are missing or cannot be read: " + ", ".join(wrong))
    return Settings(**values)  # type: ignore[arg-type]


def _truthy(value: str) -> bool:
    return value.strip().lower() in ("1", "true", "yes")


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise ValueError(f"{text} is negative")
    return value


def _count_files(text: str) -> int:
    value = _count(text)
    if not 1 <= value <= BATCH_FILES:
        raise ValueError(f"{text} is not 1 to {BATCH_FILES}")
    return value
