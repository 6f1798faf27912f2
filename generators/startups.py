"""The startups job: `python -m generators.startups --from DAY --to DAY --batch-id ID`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence

from generators.companies import BLOCK, found_companies
from generators.defects import STARTUPS, line_kinds
from generators.funding import draw_month
from generators.job import GeneratorTask, read_job
from generators.lines import LineFlow, Unit, run_lines
from generators.progress import open_progress
from generators.running import open_sink
from generators.times import LINE_KEPT, LINE_REFUSED
from generators.world import Purpose


def main(argv: Sequence[str] | None = None) -> None:
    job = read_job("startups", sys.argv[1:] if argv is None else argv, os.environ)
    run_lines(job, describe_startups(job), open_sink(job), open_progress(job.flow, job.batch_id, job.as_json))


def describe_startups(job: GeneratorTask) -> LineFlow:
    return LineFlow(
        blocks=len(found_companies(job.world, job.window.to_ms).event_ms) // BLOCK,
        draw=lambda block: _draw_units(job, block),
        kinds=line_kinds(STARTUPS, LINE_KEPT, LINE_REFUSED),
        dirt=Purpose.DIRT_STARTUPS,
    )


def _draw_units(job: GeneratorTask, block: int) -> Iterator[Unit]:
    for month in job.window.months(job.world):
        rows, at_ms = draw_month(job.world, block, month)
        lines = [json.dumps(row, separators=(",", ":"), ensure_ascii=False).encode() for row in rows]
        ids = [row["event_id"] for row in rows]
        yield Unit(block=block, month=month, lines=lines, at_ms=at_ms, key=ids.__getitem__)


if __name__ == "__main__":
    main()
