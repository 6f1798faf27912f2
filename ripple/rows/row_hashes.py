"""A hash a row of Arrow columns, by content: of two versions of a key with one time, it says which is the newer, whatever came first."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

_FIELDS, _ITEMS, _ABSENT = "\x1f", "\x1e", "\x00"
"""A text that holds one of these may hash as another row does: that decides a tie, and nothing else."""


def hash_rows(columns: Sequence[pa.Array]) -> list[str]:
    """SHA-256 of each row, in lower hex, over the texts of its columns in their order."""
    if not columns:
        return []
    texts = [_to_text(column) for column in columns]
    joined = pc.binary_join_element_wise(*texts, _FIELDS, null_handling="replace", null_replacement=_ABSENT)
    return [hashlib.sha256(text.encode()).hexdigest() for text in joined.to_pylist()]


def _to_text(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _to_text(column.dictionary_decode())
    if pa.types.is_list(kind):
        # Not `values`: of a part of a batch those are the items of all of it.
        items = _to_text(column.flatten()).fill_null(_ABSENT)
        ends = pc.cumulative_sum(column.value_lengths().fill_null(0))
        offsets = pa.concat_arrays([pa.array([0], pa.int32()), ends.cast(pa.int32())])
        joined = pc.binary_join(pa.ListArray.from_arrays(offsets, items), _ITEMS)
        return pc.if_else(column.is_null(), pa.scalar(None, pa.string()), joined)
    if pa.types.is_struct(kind):
        fields = [_to_text(column.field(at)) for at in range(kind.num_fields)]
        return pc.binary_join_element_wise(*fields, _FIELDS, null_handling="replace", null_replacement=_ABSENT)
    if pa.types.is_timestamp(kind):
        column = column.cast(pa.int64())
    return column.cast(pa.string())
