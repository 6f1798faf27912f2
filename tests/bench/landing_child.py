"""Land a file of JSON lines, check its lines one by one, and let DuckDB convert it: CPU seconds of each, the best of some, as JSON."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import duckdb
import orjson

from functions.land_object.keeping import CheckedWriter
from ripple.flows import load_contract
from ripple.ports import StoredObject
from ripple.rows.contracts import Contract
from ripple.rows.contracts.lines import judge_lines
from ripple.rows.contracts.plausibility import expect_plausible
from ripple.rows.formats.delimited import judge_delimited
from ripple.rows.formats.dialect import Dialect
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


def land_csv(path: Path, contract: Contract) -> int:
    """The same rows as CSV."""
    contract = replace(contract, format="csv", dialect=Dialect())
    ref = ObjectRef(bucket="bench-bronze", name=f"{contract.flow}/dt=2026-11-01/{path.name}", generation=1)
    stored = StoredObject(ref=ref, size=path.stat().st_size, metadata={}, created=ARRIVED)
    expected = expect_plausible(contract, ARRIVED, None)
    with path.open("rb") as stream, CheckedWriter(source=stored, contract=contract) as writer:
        for page in judge_delimited(stream, ref.uri, expected, Dialect()):
            writer.add(page.accepted)
        writer.keep("bench-checked", _NoBucket())  # type: ignore[arg-type]
    return writer.rows


def write_csv(path: Path, contract: Contract) -> Path:
    """The rows of a file of JSON lines that are any, beside it."""
    beside = path.with_suffix(".csv")
    with path.open("rb") as lines, beside.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(contract.kinds)
        for line in lines:
            with suppress(ValueError):
                row = orjson.loads(line)
                cells = [row.get(name) for name in contract.kinds]
                writer.writerow([json.dumps(cell) if isinstance(cell, list) else cell for cell in cells])
    return beside


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
    delimited = write_csv(path, contract)
    found = {
        "csv_rows": land_csv(delimited, contract),
        "csv": _measure(lambda: land_csv(delimited, contract)),
        "rows": check_singly(path, contract),
        "landing": _measure(lambda: land(path, contract)),
        "singly": _measure(lambda: check_singly(path, contract)),
        "duckdb": _measure(lambda: convert(path)),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
