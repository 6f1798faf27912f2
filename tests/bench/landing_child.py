"""Land a file of JSON lines, check its lines one by one, and let DuckDB convert it: CPU seconds of each, the best of some, as JSON."""

from __future__ import annotations

import datetime as dt
import io
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import duckdb

from functions.land_object.keeping import CheckedWriter
from ripple.ports import StoredObject
from ripple.rows.contracts import Contract, load_contract
from ripple.rows.contracts.lines import judge_lines
from ripple.rows.contracts.plausibility import expect_plausible
from ripple.rows.layouts.chunks import read_chunks
from ripple.rows.layouts.reading import judge_chunks
from ripple.wire.paths import ObjectRef
from tests.ripple.rows.splitting import split_lines

_TIMES = 4
ARRIVED = dt.datetime(2026, 11, 2, tzinfo=dt.UTC)


class _NoBucket:
    """Takes a checked object and keeps nothing of it."""

    def create(self, bucket: str, name: str, content: bytes | IO[bytes], metadata: Mapping[str, str]) -> Any:
        return SimpleNamespace(ref=ObjectRef(bucket=bucket, name=name, generation=1))


def land(path: Path, contract: Contract) -> int:
    """How many rows were accepted."""
    ref = ObjectRef(bucket="bench-bronze", name=f"{contract.flow}/dt=2026-11-01/{path.name}", generation=1)
    stored = StoredObject(ref=ref, size=path.stat().st_size, metadata={}, created=ARRIVED)
    with path.open("rb") as stream, CheckedWriter(source=stored, contract=contract) as writer:
        for page in judge_chunks(read_chunks(stream), expect_plausible(contract, ARRIVED, None)):
            writer.add(page.accepted)
        writer.keep("bench-checked", _NoBucket())  # type: ignore[arg-type]
    return writer.rows


def check_singly(path: Path, contract: Contract) -> int:
    stream = io.BytesIO(path.read_bytes())
    return sum(1 for _ in judge_lines(split_lines(stream), expect_plausible(contract, ARRIVED, None)))


def convert(path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(config={"threads": 1}) as connection:
        read = f"SELECT * FROM read_json('{path}', format = 'newline_delimited', ignore_errors = true)"
        connection.execute(f"COPY ({read}) TO '{folder}/out.parquet' (FORMAT parquet, COMPRESSION zstd)")


def _measure(work: Callable[[], object]) -> float:
    def once() -> float:
        begun = time.process_time()
        work()
        return time.process_time() - begun

    return min(once() for _ in range(_TIMES))


def main() -> None:
    flow, path = sys.argv[1], Path(sys.argv[2])
    contract = load_contract(flow)
    found = {
        "rows": check_singly(path, contract),
        "landing": _measure(lambda: land(path, contract)),
        "singly": _measure(lambda: check_singly(path, contract)),
        "duckdb": _measure(lambda: convert(path)),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
