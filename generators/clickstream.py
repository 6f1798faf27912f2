"""The clickstream job: `python -m generators.clickstream --from DAY --to DAY --batch-id ID`."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator, Sequence

import polars as pl

from generators.clicks import expand_sessions
from generators.contacts import visitor_columns
from generators.defects import CLICKSTREAM, line_kinds
from generators.job import GeneratorTask, read_job
from generators.lines import LineFlow, Unit, run_lines
from generators.lives import draw_sessions, live_through
from generators.people import build_block, count_blocks
from generators.progress import open_progress
from generators.running import open_pepper, open_sink
from generators.times import LINE_KEPT, LINE_REFUSED
from generators.world import Purpose
from ripple.rows.pii import Pepper


def main(argv: Sequence[str] | None = None) -> None:
    job = read_job("clickstream", sys.argv[1:] if argv is None else argv, os.environ)
    progress = open_progress(job.flow, job.batch_id, job.as_json)
    run_lines(job, describe_clickstream(job, open_pepper(job)), open_sink(job), progress)


def describe_clickstream(job: GeneratorTask, pepper: Pepper) -> LineFlow:
    return LineFlow(
        blocks=count_blocks(job.world, job.window.to_ms),
        draw=lambda block: _draw_units(job, pepper, block),
        kinds=line_kinds(CLICKSTREAM, LINE_KEPT, LINE_REFUSED),
        dirt=Purpose.DIRT_CLICKSTREAM,
    )


def _draw_units(job: GeneratorTask, pepper: Pepper, index: int) -> Iterator[Unit]:
    block = build_block(job.world, index)
    tokens, prefixes = visitor_columns(job.world, block, pepper)
    visitors = pl.Series(tokens), pl.Series(prefixes)
    wanted = {month.number for month in job.window.months(job.world)}
    for lives in live_through(job.world, block, job.window.to_ms):
        if lives.month.number in wanted:
            customer, began_ms = draw_sessions(job.world, block, lives)
            rows, at_ms = expand_sessions(job.world, block, lives.month, customer, began_ms, visitors)
            yield Unit(
                block=index, month=lives.month, lines=_encode(rows), at_ms=at_ms, key=rows["event_id"].__getitem__
            )


def _encode(rows: pl.DataFrame) -> list[bytes]:
    """One JSON object a row, without line ends."""
    buffer = io.BytesIO()
    rows.write_ndjson(buffer)
    return buffer.getvalue().split(b"\n")[: rows.height]


if __name__ == "__main__":
    main()
