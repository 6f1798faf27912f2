"""Lands every file of a folder in a process of its own, which may die: `python -m tests.functions.junk.landing_child FOLDER`.

Prints one JSON line a file: its name, `landed` or the code of its rejection, CPU seconds, and the peak of memory so far in MB.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import IO

from functions.land_object.stage import react
from ripple.handling.shell import Finalized
from ripple.ports import StoredObject
from ripple.wire.events import BronzeObjectLanded
from ripple.wire.paths import ObjectRef
from tests.functions.fakes import NOW, FakeObjects, cause
from tests.functions.junk.refusing import RefusingEdge


class FilesOfAFolder(FakeObjects):
    """Bronze objects that stay on disk, as they stay in Cloud Storage: only what is read is in memory."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def stat(self, bucket: str, name: str, generation: int | None = None) -> StoredObject:
        size = self._file(name).stat().st_size
        return StoredObject(ref=ObjectRef(bucket=bucket, name=name, generation=1), size=size, created=NOW, metadata={})

    def open(self, ref: ObjectRef) -> IO[bytes]:
        return self._file(ref.name).open("rb", buffering=256 * 1024)

    def _file(self, name: str) -> Path:
        return self.folder / name.rpartition("/")[2]


def peak_mb() -> int:
    """Not `ru_maxrss`, which a child inherits from the process that started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def say(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main(folder: Path) -> None:
    for file in sorted(folder.iterdir()):
        edge = RefusingEdge(objects=FilesOfAFolder(folder))
        flow = "sales" if file.suffix == ".parquet" else "clickstream"
        ref = ObjectRef(bucket="ripple-test-bronze", name=f"{flow}/dt=2026-01-01/{file.name}", generation=1)
        say({"started": file.name})
        started = time.process_time()
        react(Finalized(ref=ref, size=1, metadata={}), cause(file.name), edge)
        fact = edge.publisher.sent[-1].fact
        verdict = "landed" if isinstance(fact, BronzeObjectLanded) else fact.data()["code"]
        seconds = round(time.process_time() - started, 2)
        found = {
            "file": file.name,
            "verdict": verdict,
            "rows": fact.data().get("rows"),
            "seconds": seconds,
            "peak": peak_mb(),
        }
        say(found)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
