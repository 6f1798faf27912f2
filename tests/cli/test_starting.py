"""Starting on a busy machine is tried again; what fails ends in one sentence, and a dead laptop is reported at once."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
import typer
from google.api_core.exceptions import BadRequest, DeadlineExceeded, NotFound, ServiceUnavailable
from typer.testing import CliRunner

from cli.command_line import Commands
from cli.crashing import find_folder, keep_traceback
from cli.laptop_watch import while_laptop_lives
from cli.provisioning.persisting import passes, persist
from laptop.settings import LaptopError
from laptop.supervisor import PID_FILE

LATE = requests.exceptions.ReadTimeout("HTTPConnectionPool(host='127.0.0.1'): Read timed out. (read timeout=15.0)")


def failing(*errors: Exception) -> Callable[[], str]:
    """A step that fails as often as there are errors, then is done."""
    left = list(errors)

    def step() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return step


def test_a_step_that_a_busy_machine_answers_late_is_done_again() -> None:
    pauses: list[float] = []
    assert persist(failing(LATE, ServiceUnavailable("x"), LATE), sleep=pauses.append) == "done"
    assert len(pauses) == 3


def test_patience_ends() -> None:
    times = iter([0.0, 100.0, 301.0])
    with pytest.raises(requests.exceptions.ReadTimeout):
        persist(failing(LATE, LATE, LATE), 300.0, clock=lambda: next(times), sleep=lambda _: None)


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (LATE, True),
        (requests.exceptions.ConnectionError("refused"), True),
        (DeadlineExceeded("x"), True),
        (NotFound("x"), False),
        (BadRequest("x"), False),
        (FileNotFoundError(2, "no such file"), False),
        (ValueError("x"), False),
    ],
    ids=lambda given: type(given).__name__,
)
def test_only_what_passes_is_tried_again(error: Exception, passing: bool) -> None:
    assert passes(error) == passing


def a_program() -> typer.Typer:
    app = typer.Typer(cls=Commands)

    @app.callback()
    def root(debug: bool = False) -> None: ...

    @app.command()
    def work(state: Path = Path("none")) -> None:
        raise LATE

    return app


def test_an_unforeseen_error_is_one_sentence_and_a_file(tmp_path: Path) -> None:
    done = CliRunner().invoke(a_program(), ["work", "--state", str(tmp_path)])
    (file,) = (tmp_path / "errors").iterdir()
    assert done.exit_code == 1
    assert done.stderr.strip() == f"ReadTimeout: {LATE}; the traceback is in {file}, and ripple --debug shows it"
    assert f"ripple work --state {tmp_path}" in file.read_text()
    assert "Traceback (most recent call last)" in file.read_text()


@pytest.mark.parametrize(("words", "env"), [(["--debug"], {}), ([], {"RIPPLE_DEBUG": "1"})], ids=["option", "variable"])
def test_whoever_debugs_sees_the_traceback(words: list[str], env: dict[str, str], tmp_path: Path) -> None:
    done = CliRunner().invoke(a_program(), [*words, "work", "--state", str(tmp_path)], env=env)
    assert done.exception is LATE
    assert not (tmp_path / "errors").exists()


def test_without_a_laptops_folder_the_traceback_is_kept_elsewhere(tmp_path: Path) -> None:
    folder = find_folder(["runs", "--state", str(tmp_path / "none")], {}, Path(".ripple"))
    assert tmp_path not in folder.parents
    assert find_folder(["runs"], {"RIPPLE_STATE": str(tmp_path)}, Path(".ripple")) == tmp_path / "errors"
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    assert keep_traceback(LATE, ["up"], now, tmp_path / "new").name.startswith("20260101T000000.000000-")


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process by a supervisor's name, which the folder names as its own."""
    words = [sys.executable, "-c", "import time; time.sleep(60)", "laptop.supervisor"]
    process = subprocess.Popen(words)
    (tmp_path / PID_FILE).write_text(str(process.pid))
    (tmp_path / "supervisor.log").write_text("no space left on device\n")
    yield process
    process.kill()
    process.wait()


def test_work_ends_as_soon_as_the_laptop_is_dead(supervisor: subprocess.Popen[bytes], tmp_path: Path) -> None:
    began, never = threading.Event(), threading.Event()

    def work() -> None:
        began.set()
        supervisor.kill()
        supervisor.wait()
        never.wait(60)

    with pytest.raises(LaptopError, match="the laptop is dead: no space left on device"):
        while_laptop_lives(tmp_path, work)
    assert began.is_set()
    never.set()


def test_while_the_laptop_lives_work_ends_as_it_does(supervisor: subprocess.Popen[bytes], tmp_path: Path) -> None:
    assert while_laptop_lives(tmp_path, failing()) == "done"
    with pytest.raises(TimeoutError, match="it still waits"):
        while_laptop_lives(tmp_path, failing(TimeoutError("it still waits")))
