"""The slice of world time that a batch holds, and its files: one a calendar month, each row put by its own moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import numpy as np

from generators.arrays import Ints
from generators.dirt import DirtyRows
from generators.truth import Truth
from generators.world import DAY_MS, Month, World, date_ms, day_of, month_of, months_over


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """`[from_ms, to_ms)`, whole days UTC. ValueError if it is empty or not of whole days."""

    from_ms: int
    to_ms: int

    def __post_init__(self) -> None:
        if self.from_ms % DAY_MS or self.to_ms % DAY_MS or self.from_ms >= self.to_ms:
            raise ValueError("a window is of whole days, and --from comes before --to")

    def months(self, world: World) -> Iterator[Month]:
        """The months to draw: those of the window, and the one whose copies may arrive in its first days."""
        return months_over(max(self.from_ms - 3 * DAY_MS, date_ms(world.since.replace(day=1))), self.to_ms)

    def first_day(self, month: Month) -> str:
        """The first day of the window in that month."""
        return day_of(max(self.from_ms, month.start_ms)).isoformat()


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """The rows that go to one month's file: indices into the dirty rows, in order."""

    month: Month
    indices: Ints


def share_out(at_ms: Ints, month: Month, window: Window) -> list[Share]:
    """Rows drawn in `month` by the month they arrive in: that one, or the next for late copies; none outside the window."""
    inside = (at_ms >= window.from_ms) & (at_ms < window.to_ms)
    own, following = inside & (at_ms < month.end_ms), inside & (at_ms >= month.end_ms)
    shares = [(month, own), (month_of(month.number + 1), following)]
    return [Share(month=m, indices=np.flatnonzero(mask)) for m, mask in shares if mask.any()]


@dataclass(slots=True, kw_only=True)
class SliceFile:
    """A month's file while it grows: its object name, its place on disk, its lines so far."""

    name: str
    path: Path
    stream: IO[bytes]
    lines: int = 0


class SliceFiles:
    """The growing files of one task, in a folder of its own; nothing but open streams and counts is held in memory."""

    def __init__(self, folder: Path, flow: str, stem: str, window: Window) -> None:
        self._folder, self._flow, self._stem, self._window = folder, flow, stem, window
        self._files: dict[int, SliceFile] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        for file in self._files.values():
            file.stream.close()

    def append(self, month: Month, lines: Sequence[bytes]) -> SliceFile:
        """Add lines to the month's file; the file's `lines` counts them."""
        file = self._files.get(month.number) or self._open(month)
        file.stream.write(b"\n".join(lines) + b"\n")
        file.lines += len(lines)
        return file

    def finish(self) -> list[SliceFile]:
        """Close all files: what there is to send, by month."""
        for file in self._files.values():
            file.stream.close()
        return [self._files[number] for number in sorted(self._files)]

    def _open(self, month: Month) -> SliceFile:
        name = f"{self._flow}/dt={self._window.first_day(month)}/{self._stem}.jsonl"
        path = self._folder / f"{month.number}.jsonl"
        file = self._files[month.number] = SliceFile(name=name, path=path, stream=path.open("wb"))
        return file


def append_shares(
    dirty: DirtyRows[bytes], shares: Sequence[Share], files: SliceFiles, truth: Truth, prefix: str
) -> int:
    """Write each share to its file and its dirt to the truth; the number of rows written. `prefix` begins the URIs."""
    for share in shares:
        whole = len(share.indices) == len(dirty.rows)
        lines = dirty.rows if whole else [dirty.rows[index] for index in share.indices.tolist()]
        file = files.append(share.month, lines)
        first = file.lines - len(lines) + 1
        for mark in dirty.marks:
            position = int(np.searchsorted(share.indices, mark.index))
            if position < len(lines) and share.indices[position] == mark.index:
                truth.record_line(mark, prefix + file.name, first + position)
        truth.count_rows(len(lines))
    return sum(len(share.indices) for share in shares)
