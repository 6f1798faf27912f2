"""A pytest session that collects a room's tests and then runs some of them, over and over in forked children."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.mutants.planning import ROOT

PASSED, FAILED = 0, 1
_OPTIONS = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=short", "--assert=plain", "-c", "pyproject.toml"]


class Runner:
    """Collects, then lets `work` do what it wants with the items; whether a test of the last `run` failed."""

    def __init__(self, work: Callable[[Runner, Sequence[pytest.Item]], int]) -> None:
        self._work = work
        self._failed = False

    def pytest_configure(self) -> None:
        """Hypothesis draws the same few examples in every run, and a failing one is not made smaller."""
        from hypothesis import HealthCheck, Phase, settings

        settings.register_profile(
            "mutants",
            derandomize=True,
            max_examples=20,
            database=None,
            deadline=None,
            phases=(Phase.explicit, Phase.generate),
            suppress_health_check=list(HealthCheck),
        )
        settings.load_profile("mutants")

    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """The process ends here: what a session does at its end takes longer than most mutants."""
        os._exit(FAILED if session.testsfailed else self._work(self, session.items))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._failed |= report.failed

    def run_one(self, item: pytest.Item, following: pytest.Item | None = None) -> bool:
        """Whether the item passed."""
        self._failed = False
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        return not self._failed

    def run_until_failure(self, items: Sequence[pytest.Item], seconds: Callable[[str], float]) -> int:
        """Each may take `seconds` of CPU time by its id; past them the process ends by a signal."""
        for item, following in zip(items, [*items[1:], None], strict=True):
            signal.setitimer(signal.ITIMER_PROF, seconds(item.nodeid))
            if not self.run_one(item, following):
                return FAILED
        signal.setitimer(signal.ITIMER_PROF, 0)
        return PASSED


def collect(tests: Iterable[str], log: Path, work: Callable[[Runner, Sequence[pytest.Item]], int]) -> int:
    """Run a session over files and folders of tests; what it prints goes to `log`. Not for the main process, which it ends."""
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    pytest.main([*_OPTIONS, f"--basetemp={log.parent}/{os.getpid()}", *tests], plugins=[Runner(work)])
    return FAILED


def measure(work: Callable[[], Any]) -> tuple[Any, float]:
    """What it gives, and the CPU seconds that it took."""
    begun = time.process_time()
    return work(), time.process_time() - begun
