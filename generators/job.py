"""What one task of a job is asked to do: arguments first, the environment behind them."""

from __future__ import annotations

import argparse
import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from generators.slices import Window
from generators.world import World, date_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorTask:
    """One task: its world and window, its share of the blocks, and where things go. An empty `out` means the cloud."""

    flow: str
    world: World
    window: Window
    batch_id: str
    task_index: int
    task_count: int
    project: str
    bronze_bucket: str
    landing_bucket: str
    control_bucket: str
    out: Path | None
    as_json: bool
    ops_per_second: int
    pepper_secret: str
    secrets_endpoint: str

    @property
    def stem(self) -> str:
        """The name that is this task's own."""
        return f"{self.batch_id}-{self.task_index:05d}-of-{self.task_count:05d}"

    def own_blocks(self, count: int) -> range:
        return range(self.task_index, count, self.task_count)


def read_job(flow: str, argv: Sequence[str], environ: Mapping[str, str]) -> GeneratorTask:
    """A task from its arguments; SystemExit 2 with the reason for what cannot be run."""
    parser = _build_parser(flow, environ)
    given = parser.parse_args(argv)
    prefix = f"{environ.get('RIPPLE_BUCKET_PREFIX') or given.project}-".lstrip("-")
    try:
        return GeneratorTask(
            flow=flow,
            world=World(
                seed=given.seed,
                customers=given.customers,
                startups=given.startups,
                dirt=given.dirt,
                since=given.world_from,
            ),
            window=_read_window(given.since or given.world_from, given.until, given.world_from),
            batch_id=_read_batch_id(given.batch_id),
            task_index=_read_task(given.task_index, given.task_count),
            task_count=given.task_count,
            project=_read_project(given.project, given.out),
            bronze_bucket=given.bronze_bucket or f"{prefix}bronze",
            landing_bucket=given.landing_bucket or f"{prefix}landing",
            control_bucket=given.control_bucket or f"{prefix}control",
            out=given.out,
            as_json=given.json,
            ops_per_second=given.firestore_ops_per_second,
            pepper_secret=environ.get("PEPPER_SECRET", ""),
            secrets_endpoint=environ.get("RIPPLE_ENDPOINT_SECRETS", ""),
        )
    except ValueError as error:
        parser.error(str(error))


def _build_parser(flow: str, environ: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m generators.{flow}", description=f"Write a slice of the {flow} flow."
    )
    add, env = parser.add_argument, environ.get
    add(
        "--from",
        dest="since",
        type=_read_day,
        metavar="DAY",
        help="first day of the slice (default: the world's first)",
    )
    add("--to", dest="until", type=_read_day, metavar="DAY", required=True, help="the day after the slice's last")
    add("--batch-id", required=True, help="names the batch; the same id is never written twice")
    add("--seed", type=int, default=int(env("WORLD_SEED", "1")), help="which world [WORLD_SEED]")
    add(
        "--customers",
        type=int,
        default=int(env("WORLD_CUSTOMERS", "5000")),
        help="acquired in 365 days [WORLD_CUSTOMERS]",
    )
    add("--startups", type=int, default=int(env("WORLD_STARTUPS", "500")), help="on the first day [WORLD_STARTUPS]")
    add(
        "--dirt",
        type=float,
        default=float(env("WORLD_DIRT", "0.02")),
        help="share of dirty rows, 0 to 0.2 [WORLD_DIRT]",
    )
    add(
        "--world-from",
        type=_read_day,
        default=env("WORLD_FROM", "2025-11-01"),
        help="the world's first day [WORLD_FROM]",
    )
    add("--project", default=env("GOOGLE_CLOUD_PROJECT", ""), help="[GOOGLE_CLOUD_PROJECT]")
    for name in ("bronze", "landing", "control"):
        variable = f"{name.upper()}_BUCKET"
        add(f"--{name}-bucket", default=env(variable, ""), help=f"(default: PROJECT-{name}) [{variable}]")
    add("--out", type=Path, help="write to this folder in place of Cloud Storage and Firestore")
    add("--task-index", type=int, default=int(env("CLOUD_RUN_TASK_INDEX", "0")), help="[CLOUD_RUN_TASK_INDEX]")
    add("--task-count", type=int, default=int(env("CLOUD_RUN_TASK_COUNT", "1")), help="[CLOUD_RUN_TASK_COUNT]")
    ops = int(env("FIRESTORE_OPS_PER_SECOND", "500"))
    add("--firestore-ops-per-second", type=int, default=ops, help="the most to write [FIRESTORE_OPS_PER_SECOND]")
    add("--json", action="store_true", help="structured logs even on a terminal")
    return parser


def _read_day(text: str) -> dt.date:
    """A day as `YYYY-MM-DD`, or its first moment as RFC 3339."""
    match = re.fullmatch(r"(\d{4}-\d{2}-\d{2})(?:T00:00(?::00(?:\.0+)?)?(?:Z|\+00:00))?", text, re.ASCII)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole day UTC (YYYY-MM-DD)")
    return dt.date.fromisoformat(match[1])


def _read_window(since: dt.date, until: dt.date, world_from: dt.date) -> Window:
    if since < world_from:
        raise ValueError(f"--from {since} is before the world began, {world_from}")
    return Window(from_ms=date_ms(since), to_ms=date_ms(until))


def _read_batch_id(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}", text, re.ASCII):
        raise ValueError(f"--batch-id {text!r} is not 1 to 200 of A-Z a-z 0-9 _ . -")
    return text


def _read_task(index: int, count: int) -> int:
    if not 0 <= index < count:
        raise ValueError(f"task {index} of {count} does not exist")
    return index


def _read_project(project: str, out: Path | None) -> str:
    if not project and out is None:
        raise ValueError("--project or GOOGLE_CLOUD_PROJECT is needed, unless --out names a folder")
    return project
