"""How far a task is: a bar on a terminal, structured logs elsewhere. Counts and names only, never a row."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

Step = Callable[[int], None]
"""Reports that one more block is done, and how many rows it had."""


class Progress(Protocol):
    def say(self, message: str, **facts: Any) -> None: ...

    def watch(self, message: str, blocks: int) -> Any: ...


class LogProgress:
    """One JSON object a line on stderr, as Cloud Logging reads them; at most one each five seconds while it works."""

    def __init__(self, flow: str, batch_id: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._labels, self._clock = {"flow": flow, "batch_id": batch_id}, clock

    def say(self, message: str, **facts: Any) -> None:
        line = {"severity": "INFO", "message": message, **self._labels, **facts}
        sys.stderr.write(json.dumps(line) + "\n")

    @contextmanager
    def watch(self, message: str, blocks: int) -> Iterator[Step]:
        done, rows, said = 0, 0, self._clock()

        def step(more: int) -> None:
            nonlocal done, rows, said
            done, rows = done + 1, rows + more
            if self._clock() - said >= 5:
                said = self._clock()
                self.say(message, blocks_done=done, blocks=blocks, rows=rows)

        yield step


class BarProgress:
    """A bar for a person."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(stderr=True)

    def say(self, message: str, **facts: Any) -> None:
        self._console.print(message + "".join(f"  {name}={value}" for name, value in facts.items()), highlight=False)

    @contextmanager
    def watch(self, message: str, blocks: int) -> Iterator[Step]:
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[rows]:,} rows"),
            TimeElapsedColumn(),
        )
        with Bar(*columns, console=self._console) as bar:
            task, rows = bar.add_task(message, total=blocks, rows=0), 0

            def step(more: int) -> None:
                nonlocal rows
                rows += more
                bar.update(task, advance=1, rows=rows)

            yield step


def open_progress(flow: str, batch_id: str, as_json: bool) -> Progress:
    return LogProgress(flow, batch_id) if as_json or not sys.stderr.isatty() else BarProgress()
