"""Which lines of the mutated modules a piece of work runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from types import FrameType
from typing import Any

Lines = set[tuple[str, int]]


class Tracer:
    """Collects `(path, line)` of the files it is given, while it is the trace function."""

    def __init__(self, paths: Collection[str]) -> None:
        self._paths = frozenset(paths)
        self.lines: Lines = set()

    def trace(self, work: Callable[[], Any]) -> Any:
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            return work()
        finally:
            sys.settrace(before)

    def take(self) -> Lines:
        """What was collected since the last time."""
        taken, self.lines = self.lines, set()
        return taken

    def _enter(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if frame.f_code.co_filename not in self._paths:
            return None
        return self._note(frame, event, None)

    def _note(self, frame: FrameType, _event: str, _argument: Any) -> Any:
        self.lines.add((frame.f_code.co_filename, frame.f_lineno))
        return self._note
