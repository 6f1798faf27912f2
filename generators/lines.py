"""A task of a JSONL flow: draw units, add defects to them, append them to the slice's files, send the files, write the truth files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from generators.arrays import Ints
from generators.dirt import Kind, add_defects
from generators.job import GeneratorTask
from generators.progress import Progress
from generators.running import Workspace, facts_of, open_workspace
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
    with open_workspace(job, sink) as workspace, Truth(workspace.folder / "truth", job.flow) as truth:
        files = _write_blocks(job, flow, workspace, truth, progress)
        written = [workspace.send(job.bronze_bucket, file.name, file.path) for file in files]
        totals = workspace.send_truth(truth)
    progress.say("batch written", objects=len(written), objects_new=sum(written), **facts_of(totals))
    return totals


def _write_blocks(
    job: GeneratorTask, flow: LineFlow, workspace: Workspace, truth: Truth, progress: Progress
) -> list[SliceFile]:
    blocks, prefix = job.own_blocks(flow.blocks), workspace.sink.uri(job.bronze_bucket, "")
    with SliceFiles(workspace.folder, job.flow, job.stem, job.window) as files:
        with progress.watch(f"writing {job.flow}", len(blocks)) as step:
            for block in blocks:
                step(sum(_append_unit(job, flow, unit, files, truth, prefix) for unit in flow.draw(block)))
        return files.finish()


def _append_unit(job: GeneratorTask, flow: LineFlow, unit: Unit, files: SliceFiles, truth: Truth, prefix: str) -> int:
    stream = open_stream(job.world, flow.dirt, unit.block, unit.month.number)
    dirty = add_defects(unit.lines, unit.at_ms, unit.key, flow.kinds, job.world.dirt, stream)
    return append_shares(dirty, share_out(dirty.at_ms, unit.month, job.window), files, truth, prefix)
