"""An error that nobody foresaw ends a command in one sentence; its traceback is kept in a file."""

from __future__ import annotations

import datetime as dt
import itertools
import os
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

DEBUG = "RIPPLE_DEBUG"
_LONGEST = 400


def describe_crash(error: Exception, file: Path) -> str:
    """The one sentence. Pure."""
    said = " ".join(str(error).split())[:_LONGEST]
    return f"{type(error).__name__}: {said or 'no message'}; the traceback is in {file}, and ripple --debug shows it"


def keep_traceback(error: Exception, words: Sequence[str], now: dt.datetime, folder: Path) -> Path:
    """Write what was asked and the traceback to a new file of `folder`; where."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{now:%Y%m%dT%H%M%S.%f}-{os.getpid()}.txt"
    file.write_text(f"ripple {' '.join(words)}\n\n{''.join(traceback.format_exception(error))}")
    return file


def find_folder(words: Sequence[str], environ: Mapping[str, str], default: Path) -> Path:
    """`errors` of the laptop's folder that the command names; of the machine's temporary one if that is not there."""
    named = [after for word, after in itertools.pairwise(words) if word == "--state"]
    named += [word.partition("=")[2] for word in words if word.startswith("--state=")]
    state = Path(named[-1]) if named else Path(environ.get("RIPPLE_STATE") or default)
    return (state if state.is_dir() else Path(tempfile.gettempdir()) / "ripple") / "errors"
