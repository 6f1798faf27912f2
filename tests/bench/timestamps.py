"""Print how many mixed timestamps a second pandas and `parse_column` read: the same column in the same process."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from email.utils import format_datetime

import numpy as np
import pandas as pd

from ripple.timestamp_columns import parse_column

ROWS = 200_000
GRAMMAR = ("iso_zoned", "space_naive", "rfc_2822", "epoch_seconds", "epoch_millis", "epoch_micros")
WRITERS: tuple[Callable[[dt.datetime], str], ...] = (
    lambda at: at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z",
    lambda at: at.astimezone(dt.timezone(dt.timedelta(hours=5, minutes=30))).isoformat(timespec="seconds"),
    lambda at: format_datetime(at.replace(microsecond=0)),
    lambda at: at.strftime("%Y-%m-%d %H:%M:%S"),
)


def make_column(rows: int) -> list[str]:
    """Texts of four formats in turn over three years of seconds."""
    rng = np.random.default_rng(7)
    millis = rng.integers(1_700_000_000_000, 1_790_000_000_000, rows).tolist()
    moments = (dt.datetime.fromtimestamp(value / 1000, dt.UTC) for value in millis)
    return [WRITERS[at % len(WRITERS)](moment) for at, moment in enumerate(moments)]


def time_best(work: Callable[[], object], times: int) -> float:
    def once() -> float:
        begun = time.perf_counter()
        work()
        return time.perf_counter() - begun

    return min(once() for _ in range(times))


def main() -> None:
    texts = make_column(ROWS)
    epochs = np.random.default_rng(7).integers(1_700_000_000_000, 1_790_000_000_000, ROWS).tolist()
    expected = pd.to_datetime(texts, format="mixed", utc=True).as_unit("us").asi8
    assert (parse_column(texts, GRAMMAR).micros == expected).all()
    pandas = time_best(lambda: pd.to_datetime(texts, format="mixed", utc=True), 3)
    ours = time_best(lambda: parse_column(texts, GRAMMAR), 7)
    numbers = time_best(lambda: parse_column(epochs, GRAMMAR), 7)
    print(f"pandas.to_datetime(format='mixed')  {ROWS / pandas:>14,.0f} values/s")
    print(f"parse_column, texts                 {ROWS / ours:>14,.0f} values/s  ({pandas / ours:.0f} times)")
    print(f"parse_column, epoch milliseconds    {ROWS / numbers:>14,.0f} values/s")


if __name__ == "__main__":
    main()
