"""Mixed timestamps: pandas and `parse_column` on the same column in the same process."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from email.utils import format_datetime

import numpy as np
import pandas as pd

from ripple.rows.timestamp_columns import parse_column
from tests.bench.measuring import Figure

ROWS = 200_000
GRAMMAR = ("iso_zoned", "space_naive", "rfc_2822", "epoch_seconds", "epoch_millis", "epoch_micros")
WRITERS: tuple[Callable[[dt.datetime], str], ...] = (
    lambda at: at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z",
    lambda at: at.astimezone(dt.timezone(dt.timedelta(hours=5, minutes=30))).isoformat(timespec="seconds"),
    lambda at: format_datetime(at.replace(microsecond=0)),
    lambda at: at.strftime("%Y-%m-%d %H:%M:%S"),
)


def measure() -> list[Figure]:
    texts = make_column(ROWS)
    expected = pd.to_datetime(texts, format="mixed", utc=True).as_unit("us").asi8
    if not (parse_column(texts, GRAMMAR).micros == expected).all():
        raise AssertionError("parse_column and pandas read a value differently")
    pandas = _time_best(lambda: pd.to_datetime(texts, format="mixed", utc=True), 3)
    ours = _time_best(lambda: parse_column(texts, GRAMMAR), 7)
    return [
        Figure(
            what=f"mixed timestamps, {ROWS:,} texts of four formats, every value equal",
            measured=f"{ROWS / ours:,.0f} values/s, {pandas / ours:.0f} times pandas",
            rival=f'pandas `format="mixed"`: {ROWS / pandas:,.0f} values/s',
            bar="50 times",
            holds=pandas / ours >= 50,
        )
    ]


def make_column(rows: int) -> list[str]:
    """Texts of four formats in turn over three years of seconds."""
    rng = np.random.default_rng(7)
    millis = rng.integers(1_700_000_000_000, 1_790_000_000_000, rows).tolist()
    moments = (dt.datetime.fromtimestamp(value / 1000, dt.UTC) for value in millis)
    return [WRITERS[at % len(WRITERS)](moment) for at, moment in enumerate(moments)]


def _time_best(work: Callable[[], object], times: int) -> float:
    def once() -> float:
        begun = time.perf_counter()
        work()
        return time.perf_counter() - begun

    return min(once() for _ in range(times))
