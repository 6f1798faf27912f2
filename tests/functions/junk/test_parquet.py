"""Any bytes as a Parquet object: landed right or rejected by name, in bounded time and memory, in a process that lives."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.land_object.pages import read_header
from ripple.wire.events import BronzeObjectLanded, BronzeObjectRejected
from tests.functions.junk.parquets import CODECS, HOSTILE, SOUND, cut, damaged, orders, other_types, write
from tests.functions.test_land_object import land

NAME = "sales/dt=2026-01-01/junk.parquet"
ROOT = Path(__file__).parents[3]


def land_in_a_child(folder: Path) -> dict[str, dict[str, Any]]:
    """Verdicts by file; AssertionError names the file at which the process died or did not come back."""
    words = [sys.executable, "-m", "tests.functions.junk.landing_child", str(folder)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, (done.returncode, lines[-1:], done.stderr[-2000:])
    return {line["file"]: line for line in lines if "file" in line}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("hostile")
    for what, (make, _) in HOSTILE.items():
        (folder / f"{what.replace('/', '-')}.parquet").write_bytes(make())
    return land_in_a_child(folder)


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_rejected_by_name(what: str, hostile: dict[str, dict[str, Any]]) -> None:
    found = hostile[f"{what.replace('/', '-')}.parquet"]
    assert found["verdict"] == HOSTILE[what][1]
    assert found["seconds"] <= 10
    assert found["peak"] <= 512


@pytest.mark.parametrize("what", SOUND)
def test_a_sound_file_lands_however_it_was_written(what: str) -> None:
    data = SOUND[what]()
    _, fact = land(data, NAME)
    assert isinstance(fact, BronzeObjectLanded), fact
    assert fact.rows == pq.read_metadata(pa.BufferReader(data)).num_rows


OTHERS = other_types()


@pytest.mark.parametrize("what", OTHERS)
def test_a_column_of_another_type_is_rejected(what: str) -> None:
    try:
        data = write(OTHERS[what])
    except pa.ArrowNotImplementedError:
        pytest.fail(f"{what}: not written")
    _, fact = land(data, NAME)
    assert isinstance(fact, BronzeObjectRejected)
    assert fact.code in ("schema_mismatch", "too_many_bad_rows")


def test_a_damaged_file_is_rejected_or_holds_what_it_held(tmp_path: Path) -> None:
    """Also that no damage kills the process: a fault in native code would take the function with it."""
    whole = orders(12)
    for codec in CODECS:
        data = write(whole, compression=codec)
        for what, broken in (*damaged(codec, data, 70), *cut(codec, data, 12)):
            (tmp_path / f"{what}.parquet").write_bytes(broken)
    found = land_in_a_child(tmp_path)
    assert len(found) == len(CODECS) * (70 + 36)
    landed = [name for name, verdict in found.items() if verdict["verdict"] == "landed"]
    wrong = [name for name in landed if not pq.read_table(tmp_path / name).equals(whole)]
    assert wrong == []
    assert len(landed) < len(found) / 3
    assert max(verdict["peak"] for verdict in found.values()) <= 512
    assert max(verdict["seconds"] for verdict in found.values()) <= 10


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_page_header_or_a_value_error(data: bytes) -> None:
    try:
        page = read_header(data)
    except ValueError:
        return
    assert min(page.header, page.stored + 1, page.inflated + 1, page.values + 1) >= 1


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_as_a_parquet_object_are_rejected(data: bytes) -> None:
    _, fact = land((data or b"x") + b"PAR1", NAME)
    assert isinstance(fact, BronzeObjectRejected)
