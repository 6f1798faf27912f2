"""What would become of a file in a flow: nothing is written, and no laptop is needed."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from cli.flows.sampling import open_plain, split_name
from ripple.errors import PermanentError
from ripple.rows.contracts import Contract
from ripple.rows.contracts.lines import BadLine
from ripple.rows.formats.avro import judge_avro
from ripple.rows.formats.delimited import judge_delimited
from ripple.rows.formats.elements import judge_elements
from ripple.rows.formats.parquet_values import decode_batch, find_instants
from ripple.rows.formats.transcoding import as_utf8
from ripple.rows.judged import JudgedPage, judge_decoded
from ripple.rows.layouts.chunks import read_chunks
from ripple.rows.layouts.reading import judge_chunks

_EXAMPLES = 3
_AT_ONCE = 1000


def check_file(path: Path, contract: Contract) -> dict[str, Any]:
    """Counts of accepted and quarantined rows, of these by code with the first examples, and fields that drifted."""
    format, _ = split_name(path)
    if format != contract.format:
        raise PermanentError("format_unexpected", f"{path}: {contract.flow} comes as {contract.format}, not {format}")
    rows, codes, drifts = 0, Counter[str](), Counter[str]()
    examples: list[str] = []
    with open_plain(path) as stream:
        for page in _judge(stream, path, contract):
            for _, found in page.odd:
                drifts.update(f"{drift.kind} {drift.field} ({drift.seen})" for drift in found.drifts)
                if isinstance(found, BadLine):
                    codes[found.violation.code] += 1
                    if codes[found.violation.code] <= _EXAMPLES:
                        examples.append(f"row {found.line}: {found.violation.code}: {found.violation.message}")
            rows += page.rows
    bad = sum(codes.values())
    return {
        "rows": rows,
        "accepted": rows - bad,
        "quarantined": bad,
        "codes": dict(codes),
        "examples": examples,
        "drift": dict(drifts),
    }


def _judge(stream: IO[bytes], path: Path, contract: Contract) -> Iterator[JudgedPage]:
    if contract.format == "json":
        return judge_elements(stream, str(path), contract)
    if contract.dialect is not None:
        return judge_delimited(as_utf8(stream, contract.dialect.encoding), str(path), contract, contract.dialect)
    if contract.format == "avro":
        return judge_avro(stream, str(path), contract)
    if contract.format == "parquet":
        return _judge_parquet(stream, contract)
    return judge_chunks(read_chunks(stream), contract)


def _judge_parquet(stream: IO[bytes], contract: Contract) -> Iterator[JudgedPage]:
    try:
        parquet = pq.ParquetFile(io.BytesIO(stream.read()))
        number = 0
        for batch in parquet.iter_batches(batch_size=_AT_ONCE):
            yield judge_decoded(decode_batch(batch, number, find_instants(parquet.metadata), contract), contract)
            number += len(batch)
    except (pa.ArrowException, OSError) as error:
        raise PermanentError("parquet_corrupt", str(error)[:300]) from error


def describe_check(found: Mapping[str, Any]) -> str:
    """For a person."""
    lines = [f"{found['rows']} rows: {found['accepted']} accepted, {found['quarantined']} quarantined"]
    lines += [f"  {code}: {count}" for code, count in found["codes"].items()]
    lines += [f"  {example}" for example in found["examples"]]
    lines += [f"  drift: {what} in {count} rows" for what, count in found["drift"].items()]
    return "\n".join(lines)
