"""Large and hostile inputs in processes of their own: never over 512 MB, and never over 10 s of CPU for what is hostile."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tests.functions.junk.heavy_child import JOBS
from tests.functions.junk.parquets import SCHEMA, repeated, replaced
from tests.functions.junk.test_lines import GOOD
from tests.functions.junk.test_parquet import ROOT, land_in_a_child

MB = 1_000_000
HOSTILE_SECONDS = 10


@pytest.fixture(scope="module")
def done() -> dict[str, dict[str, Any]]:
    words = [sys.executable, "-m", "tests.functions.junk.heavy_child"]
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, (ended.stdout, ended.stderr[-2000:])
    return {line["job"]: line for line in map(json.loads, ended.stdout.splitlines())}


@pytest.mark.parametrize("what", JOBS)
def test_a_heavy_event_or_export_stays_within_a_functions_memory(what: str, done: dict[str, dict[str, Any]]) -> None:
    assert done[what]["peak"] <= 512
    assert done[what]["seconds"] <= HOSTILE_SECONDS


def write_wide_rows(path: Path) -> None:
    """A million rows with a text of 300 characters each, all different."""
    quarter = repeated(250_000)
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        for part in range(4):
            numbers = pc.cast(pa.array(range(part * 250_000, (part + 1) * 250_000)), pa.string())
            texts = pc.binary_join_element_wise(numbers, "x" * 290, "")
            writer.write_table(replaced(quarter, "batch_id", texts), row_group_size=250_000)


def write_lines(path: Path) -> None:
    """300 MB of good rows, padded by white space: what is bounded is memory, and a row is a row."""
    row = GOOD[:-1] + b" " * 100_000 + b"}\n"
    with path.open("wb") as file:
        for _ in range(300 * MB // len(row)):
            file.write(row)


def write_pieces(path: Path, piece: bytes, size: int) -> None:
    with path.open("wb") as file:
        for _ in range(size // len(piece)):
            file.write(piece)


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("heavy")
    write_lines(folder / "lines.jsonl")
    write_wide_rows(folder / "wide.parquet")
    write_pieces(folder / "one-line.jsonl", b"x" * MB, 200 * MB)
    write_pieces(folder / "one-bad-line.jsonl", b"\xff" * MB, 100 * MB)
    write_pieces(folder / "blank.jsonl", b"\n" * MB, 200 * MB)
    write_pieces(folder / "short.jsonl", b"x\n" * 500_000, 100 * MB)
    keys = b"{" + b",".join(b'"%x" :1' % key for key in range(80_000)) + b"}\n"
    write_pieces(folder / "keys.jsonl", keys, 30 * MB)
    (folder / "short.jsonl.gz").write_bytes(gzip.compress(b"x\n" * 8 * MB))
    (folder / "bomb.jsonl.gz").write_bytes(gzip.compress(b"\0" * 100 * MB))
    (folder / "nested.jsonl.gz").write_bytes(gzip.compress((b"[" * 900_000 + b"\n") * 15))
    found = land_in_a_child(folder)
    for file in folder.iterdir():
        file.unlink()
    return found


VERDICTS = {
    "lines.jsonl": "landed",
    "wide.parquet": "landed",
    "one-line.jsonl": "too_many_bad_rows",
    "one-bad-line.jsonl": "too_many_bad_rows",
    "blank.jsonl": "object_empty",
    "short.jsonl": "too_many_bad_rows",
    "keys.jsonl": "too_many_bad_rows",
    "short.jsonl.gz": "too_many_bad_rows",
    "bomb.jsonl.gz": "gzip_bomb",
    "nested.jsonl.gz": "too_many_bad_rows",
}


@pytest.mark.parametrize("name", VERDICTS)
def test_a_large_object_is_landed_or_rejected_in_bounded_memory(name: str, landed: dict[str, dict[str, Any]]) -> None:
    assert landed[name]["verdict"] == VERDICTS[name]
    assert landed[name]["peak"] <= 512
    if VERDICTS[name] != "landed":
        assert landed[name]["seconds"] <= HOSTILE_SECONDS


def test_all_rows_of_a_large_object_are_counted(landed: dict[str, dict[str, Any]]) -> None:
    assert landed["wide.parquet"]["rows"] == 1_000_000
    assert landed["lines.jsonl"]["rows"] == 300 * MB // (len(GOOD) + 100_001)
