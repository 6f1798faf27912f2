"""Rows of sample files as their format gives them, the first so many of each."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from ripple.errors import PermanentError
from ripple.rows.contracts.validation import FORMATS

MOST_ROWS = 20_000
"""Read of each sample."""
_SNIFFED = 65536
_DELIMITERS = ",;\t|"

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Rows, whose values are texts where the format knows no other; how they are written."""

    rows: list[Row]
    format: str
    dialect: Mapping[str, Any] = field(default_factory=dict)
    size: int = 0

    @property
    def is_text(self) -> bool:
        return self.format in ("csv", "tsv")


def read_sample(path: Path) -> Sample:
    """The first rows of a file; PermanentError for one that is not read as its name says."""
    format, _ = split_name(path)
    try:
        with open_plain(path) as stream:
            rows, dialect = _READERS[format](stream)
            return Sample(rows=rows, format=format, dialect=dialect, size=path.stat().st_size)
    except (ValueError, OSError, EOFError, pa.ArrowException, csv.Error, LookupError) as error:
        raise PermanentError("sample_unreadable", f"{path} is not read as {format}: {str(error)[:300]}") from error


def split_name(path: Path) -> tuple[str, str]:
    """The format and the compression that a file's name says, as `csv` and `.gz`."""
    names = path.name.split(".")
    layer = f".{names[-1]}" if names[-1] in ("gz", "zst") else ""
    format = names[-2 if layer else -1] if len(names) > (2 if layer else 1) else ""
    format = {"ndjson": "jsonl", "parq": "parquet"}.get(format, format)
    if format not in FORMATS:
        raise PermanentError(
            "format_unknown", f"{path} ends in none of {', '.join(FORMATS)}", "rename it as what it is"
        )
    return format, layer


def open_plain(path: Path) -> Any:
    """The file without its compression."""
    if path.name.endswith(".gz"):
        return gzip.open(path, "rb")
    return pa.input_stream(str(path), compression="zstd") if path.name.endswith(".zst") else path.open("rb")


Read = tuple[list[Row], dict[str, Any]]


def _read_lines(stream: IO[bytes]) -> Read:
    lines = (line for line in io.BufferedReader(stream) if line.strip())  # type: ignore[type-var]
    return [_expect_object(json.loads(line)) for line in islice(lines, MOST_ROWS)], {}


def _read_json(stream: IO[bytes]) -> Read:
    found = json.loads(stream.read())
    rows = found if isinstance(found, list) else [found]
    return [_expect_object(row) for row in rows[:MOST_ROWS]], {}


def _expect_object(found: Any) -> Row:
    if not isinstance(found, dict):
        raise ValueError(f"a row is a JSON object, not {type(found).__name__}")
    return found


def _read_csv(stream: IO[bytes]) -> Read:
    data = stream.read()
    encoding = "utf-8" if _decodes(data) else "cp1252"
    text = data.decode(encoding).removeprefix("\ufeff")
    head = text[:_SNIFFED].splitlines()[0] if text else ""
    delimiter = max(_DELIMITERS, key=head.count) if any(sign in head for sign in _DELIMITERS) else ","
    rows = list(islice(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), MOST_ROWS))
    dialect = {"delimiter": delimiter} if delimiter != "," else {}
    dialect |= {"encoding": encoding} if encoding != "utf-8" else {}
    return _without_ends(rows), dialect


def _without_ends(rows: list[Any]) -> list[Row]:
    """A record of another length is what landing sets apart; of it the fields that have a name count."""
    return [{name: value for name, value in row.items() if isinstance(name, str)} for row in rows]


def _decodes(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _read_tsv(stream: IO[bytes]) -> Read:
    text = stream.read().decode()
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter="\t", strict=True)
    return _without_ends(list(islice(reader, MOST_ROWS))), {}


def _read_avro(stream: IO[bytes]) -> Read:
    from ripple.rows.formats.avro import read_records

    return [dict(row) for row in islice(read_records(stream), MOST_ROWS)], {}


def _read_parquet(stream: IO[bytes]) -> Read:
    return list(islice(_read_batches(stream), MOST_ROWS)), {}


def _read_batches(stream: IO[bytes]) -> Iterator[Row]:
    for batch in pq.ParquetFile(stream).iter_batches(batch_size=1000):
        yield from batch.to_pylist()


_READERS: Mapping[str, Callable[[IO[bytes]], Read]] = {
    "jsonl": _read_lines,
    "json": _read_json,
    "csv": _read_csv,
    "tsv": _read_tsv,
    "avro": _read_avro,
    "parquet": _read_parquet,
}
