"""Empty what a checked or a quarantine object keeps of a forgotten key. Its rows stay and are counted; what they said goes. Pure."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ripple.state.tombstones import hash_key

ERASED = "forgotten:"
"""Before the hash of a key that stood there: SQL takes such a row for one of that key."""
_KEPT = frozenset({"source_uri", "source_generation", "source_offset", "arrived_at"})
_EMPTIED = ("message", "raw", "line_hash")

Source = tuple[str, int]
"""An object's URI and generation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emptied:
    """An object's new content, and the objects that the emptied rows came from."""

    content: bytes
    sources: frozenset[Source]


def empty_checked(data: bytes, column: str, key: str) -> Emptied | None:
    """A checked object without what its rows of the key said; None if it has none."""
    table = pq.read_table(io.BytesIO(data))
    found = [value == key for value in table.column(column).to_pylist()]
    if not any(found):
        return None
    mask = pa.array(found)
    gone, kept = table.filter(mask), table.filter(pc.invert(mask))
    columns = [_empty(gone, field, column, key) for field in table.schema]
    sink = io.BytesIO()
    emptied = pa.table(columns, schema=table.schema)
    pq.write_table(pa.concat_tables([kept, emptied]), sink, compression="zstd", write_statistics=False)
    return Emptied(content=sink.getvalue(), sources=_sources(gone))


def _empty(gone: pa.Table, field: pa.Field, column: str, key: str) -> Any:
    if field.name == column:
        return pa.array([ERASED + hash_key(key)] * len(gone), field.type)
    return gone.column(field.name) if field.name in _KEPT else pa.nulls(len(gone), field.type)


def _sources(gone: pa.Table) -> frozenset[Source]:
    uris, generations = (gone.column(name).to_pylist() for name in ("source_uri", "source_generation"))
    return frozenset(zip(uris, generations, strict=True))


def empty_quarantine(data: bytes, key: str) -> Emptied | None:
    """A quarantine object without the texts of the records that hold the key, however broken these are; None if there are none."""
    records = [json.loads(line) for line in data.splitlines() if line.strip()]
    gone = [record for record in records if _holds(record, key)]
    if not gone:
        return None
    lines = [record | dict.fromkeys(_EMPTIED) if _holds(record, key) else record for record in records]
    content = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()
    sources = frozenset((str(record["object"]), int(record["generation"])) for record in gone)
    return Emptied(content=content, sources=sources)


def _holds(record: Mapping[str, Any], key: str) -> bool:
    """By the text: a row that was refused may be no JSON, and must not keep the key for that."""
    spelt = json.dumps(key)[1:-1], key
    texts = [str(record[name]) for name in ("message", "raw") if record.get(name)]
    return any(_is_word(word, text) for word in spelt for text in texts)


def _is_word(word: str, text: str) -> bool:
    """Whether `word` is in `text` and no letter or digit goes on with it: order-1 is not in order-12."""
    at = text.find(word)
    while at >= 0:
        before, after = text[at - 1 : at] if at else "", text[at + len(word) : at + len(word) + 1]
        if not (before.isalnum() or after.isalnum()):
            return True
        at = text.find(word, at + 1)
    return False
