"""What must hold at rest: each finding is a property, whether it holds, and what was seen. Judging is pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ripple.state.files import FileRecord
from ripple.state.head import Head
from ripple.state.trainings import TrainingRecord
from tests.torture.workload import Expected
from tests.torture.writers import Acknowledged

Key = tuple[str, int]
_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    holds: bool
    what: str
    seen: str


@dataclass(slots=True, kw_only=True)
class Rest:
    """The lake at rest. Objects are `(uri, generation)`; jobs `(dataset version, state)`."""

    objects: dict[str, tuple[int, str]] = field(default_factory=dict)
    whole_objects: set[str] = field(default_factory=set)
    documents: dict[str, int] = field(default_factory=dict)
    messages: set[str] = field(default_factory=set)
    kept: dict[str, list[str]] = field(default_factory=dict)
    refused: Counter[tuple[str, str, int | None]] = field(default_factory=Counter)
    copies: Counter[tuple[str, str]] = field(default_factory=Counter)
    bronze: set[Key] = field(default_factory=set)
    files: list[FileRecord] = field(default_factory=list)
    claimed: list[tuple[int, str, int]] = field(default_factory=list)
    uneven_files: list[str] = field(default_factory=list)
    batches: dict[int, str] = field(default_factory=dict)
    head: Head = field(default_factory=Head)
    outbox: int = 0
    jobs: list[tuple[str, str]] = field(default_factory=list)
    last_training: TrainingRecord | None = None
    newest_dataset: str = ""
    temporary: list[str] = field(default_factory=list)
    leftovers: list[str] = field(default_factory=list)


def judge(rest: Rest, expected: Expected, log: Acknowledged) -> list[Finding]:
    """All findings, in a fixed order."""
    return [
        *_judge_acknowledged(rest, log),
        *_judge_rows(rest, expected),
        *_judge_files(rest),
        *_judge_batches(rest),
        *_judge_training(rest),
        *_judge_leases(rest),
        *_judge_traces(rest),
    ]


def _judge_acknowledged(rest: Rest, log: Acknowledged) -> Iterable[Finding]:
    lost = [name for name, at in log.objects.items() if rest.objects.get(name) != at]
    yield _none(f"all {len(log.objects)} acknowledged objects are there, with generation and MD5", lost)
    broken = [name for name in log.objects if name not in rest.whole_objects]
    yield _none("every byte of them can be read, and has its checksum", broken)
    missing = [name for name, number in log.documents.items() if rest.documents.get(name) != number]
    yield _none(f"all {len(log.documents)} acknowledged documents are there", missing)
    yield _none(f"all {len(log.messages)} acknowledged messages are delivered", log.messages - rest.messages)


def _judge_rows(rest: Rest, expected: Expected) -> Iterable[Finding]:
    for flow, keys in expected.kept.items():
        found = Counter(rest.kept.get(flow, []))
        wrong = [*(keys - found.keys()), *(found.keys() - keys), *(key for key, count in found.items() if count > 1)]
        yield _none(f"{flow}: silver has exactly the {len(keys)} keys of the truth, each once", wrong)
    wanted, seen = expected.refused, rest.refused
    yield _none(f"quarantine has exactly the {wanted.total()} rows of the truth", [*(wanted - seen), *(seen - wanted)])
    wrong_copies = [*(expected.copies - rest.copies), *(rest.copies - expected.copies)]
    yield _none(f"exactly the {expected.copies.total()} duplicates of the truth are set aside", wrong_copies)
    for flow, rows in expected.rows.items():
        silver, quarantined = len(rest.kept.get(flow, [])), sum(n for k, n in seen.items() if k[0] == flow)
        copies = sum(count for key, count in rest.copies.items() if key[0] == flow)
        said = f"{rows} in = {silver} silver + {quarantined} quarantined + {copies} duplicates"
        yield Finding(holds=rows == silver + quarantined + copies > 0, what=f"{flow}: rows in = rows out", seen=said)
    yield _none("per file: rows in = silver + rejected + duplicates (ops.file_counts)", rest.uneven_files)


def _judge_files(rest: Rest) -> Iterable[Finding]:
    landed = [file for file in rest.files if file.state == "landed"]
    yield _none("every Bronze generation is landed", rest.bronze ^ {(file.uri, file.generation) for file in landed})
    loose = [file.uri for file in landed if file.batch is None or rest.batches.get(file.batch) != "done"]
    yield _none("each is in a committed batch", loose)
    times = Counter((uri, generation) for _, uri, generation in rest.claimed)
    wrong = [*(rest.bronze - times.keys()), *(key for key, count in times.items() if count != 1)]
    yield _none("each is read by exactly one batch (ops.batch_files)", wrong)


def _judge_batches(rest: Rest) -> Iterable[Finding]:
    gaps = set(range(1, len(rest.batches) + 1)) ^ rest.batches.keys()
    yield _none("batches have no gaps", gaps)
    undone = [number for number, state in rest.batches.items() if state != "done"]
    yield _none(f"all {len(rest.batches)} batches are done", undone)


def _judge_training(rest: Rest) -> Iterable[Finding]:
    succeeded = Counter(version for version, state in rest.jobs if state == "PIPELINE_STATE_SUCCEEDED")
    yield _none("no dataset version was trained on twice", [v for v, count in succeeded.items() if count > 1])
    last, what = rest.last_training, "the newest dataset is trained on, or a reason says why not"
    if last is None:
        yield Finding(holds=False, what=what, seen="nothing was decided")
        return
    decided = last.run.dataset_version == rest.newest_dataset != ""
    ended = last.outcome in ("promoted", "kept_champion") if last.train else not last.superseded
    yield Finding(holds=decided and ended, what=what, seen=f"{last.reason}; {last.outcome or 'no job'}")


def _judge_leases(rest: Rest) -> Iterable[Finding]:
    live = rest.head.run
    yield Finding(holds=not live and rest.head.next == len(rest.batches) + 1, what="no live lease", seen=str(live))
    yield Finding(holds=rest.outbox == 0, what="no unsent fact", seen=f"{rest.outbox} in the outbox")


def _judge_traces(rest: Rest) -> Iterable[Finding]:
    yield _none("no temporary object or file is there", rest.temporary)
    yield _none("no process is left after the stop", rest.leftovers)


def _none(what: str, wrong: Iterable[Any]) -> Finding:
    found: Sequence[Any] = list(wrong)
    return Finding(holds=not found, what=what, seen=f"{len(found)} are not: {found[:_SHOWN]}" if found else "")
