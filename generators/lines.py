"""A task of a JSONL flow: draw units, soil them, append them to the slice's files, send the files, tell the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from generators.arrays import Ints
from generators.dirt import Kind, soil
from generators.job import GeneratorTask
from generators.progress import Progress
from generators.running import Desk, facts_of, open_desk
from generators.sinks import Sink
from generators.slices import SliceFile, SliceFiles, append_shares, share_out
from generators.truth import Totals, Truth
from generators.world import Month, Purpose, open_stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """The lines of one block and month, the moment that puts each into a slice, and the event id of a line."""

    block: int
    month: Month
    lines: list[bytes]
    at_ms: Ints
    key: Callable[[int], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFlow:
    """What differs between the JSONL flows: how many blocks there are, their units, and their dirt."""

    blocks: int
    draw: Callable[[int], Iterator[Unit]]
    kinds: Sequence[Kind[bytes]]
    dirt: Purpose


def run_lines(job: GeneratorTask, flow: LineFlow, sink: Sink, progress: Progress) -> Totals:
    """Write the task's files, then its truth. A second run draws the same and writes nothing."""
    with open_desk(job, sink) as desk, Truth(desk.folder / "truth", job.flow) as truth:
        files = _write_blocks(job, flow, desk, truth, progress)
        written = [desk.send(job.bronze_bucket, file.name, file.path) for file in files]
        totals = desk.send_truth(truth)
    progress.say("batch written", objects=len(written), objects_new=sum(written), **facts_of(totals))
    return totals


def _write_blocks(job: GeneratorTask, flow: LineFlow, desk: Desk, truth: Truth, progress: Progress) -> list[SliceFile]:
    blocks, prefix = job.own_blocks(flow.blocks), desk.sink.uri(job.bronze_bucket, "")
    with SliceFiles(desk.folder, job.flow, job.stem, job.window) as files:
        with progress.watch(f"writing {job.flow}", len(blocks)) as step:
            for block in blocks:
                step(sum(_append_unit(job, flow, unit, files, truth, prefix) for unit in flow.draw(block)))
        return files.finish()


def _append_unit(job: GeneratorTask, flow: LineFlow, unit: Unit, files: SliceFiles, truth: Truth, prefix: str) -> int:
    stream = open_stream(job.world, flow.dirt, unit.block, unit.month.number)
    soiled = soil(unit.lines, unit.at_ms, unit.key, flow.kinds, job.world.dirt, stream)
    return append_shares(soiled, share_out(soiled.at_ms, unit.month, job.window), files, truth, prefix)
