"""The feature snapshot: three splits of Parquet under one prefix, checked before anything learns from them."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from pipelines.repeat_purchase.store import ArtifactStore

SPLITS = ("train", "test", "score")
HORIZON = timedelta(days=90)
INTEGERS = (
    "frequency", "orders_30d", "orders_90d", "net_cents_total", "sessions_7d", "sessions_30d", "sessions_90d",
    "sessions_total", "sessions_since_last_order",
)  # fmt: skip
FLOATS = ("recency_days", "age_days", "net_cents_mean", "discount_rate_mean", "days_since_last_order", "cart_rate")
NULLABLE_FLOATS = ("days_since_last_session", "days_since_funding")
TEXTS = ("customer_id", "stage")


class InvalidSnapshotError(ValueError):
    """The snapshot breaks its contract; `problems` lists every breach found."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def download_split(store: ArtifactStore, snapshot_uri: str, split: str) -> dict[str, bytes]:
    """File name to bytes for `{split}-*.parquet` under the snapshot's prefix."""
    prefix = f"{snapshot_uri.rstrip('/')}/{split}-"
    return {uri.rsplit("/", 1)[1]: store.read(uri) for uri in store.list_uris(prefix, ".parquet")}


def join_files(files: Mapping[str, bytes]) -> pa.Table | None:
    """The rows of several Parquet files, ordered by customer so that file order cannot change a model."""
    if not files:
        return None
    table = pa.concat_tables([pq.read_table(io.BytesIO(files[name])) for name in sorted(files)])
    return table.sort_by("customer_id") if "customer_id" in table.column_names else table


def hash_files(files: Mapping[str, bytes]) -> str:
    """Lower hex sha256 over names and bytes: what the model card calls the snapshot's hash."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    return digest.hexdigest()


def require_sound(tables: Mapping[str, pa.Table | None]) -> dict[str, pa.Table]:
    """The tables, one for each split; InvalidSnapshotError with all that breaks the contract."""
    problems = find_problems(tables)
    if problems:
        raise InvalidSnapshotError(problems)
    return {split: table for split, table in tables.items() if table is not None}


def find_problems(tables: Mapping[str, pa.Table | None]) -> list[str]:
    """Every breach of the snapshot's contract, in words; empty when it holds."""
    missing = [f"{split}: no Parquet file" for split in SPLITS if tables.get(split) is None]
    present = {split: table for split, table in tables.items() if table is not None}
    problems = missing + [problem for split in present for problem in _split_problems(split, present[split])]
    return problems or _time_problems(present)


def _split_problems(split: str, table: pa.Table) -> list[str]:
    wanted = {"cutoff_at", *TEXTS, *INTEGERS, *FLOATS, *NULLABLE_FLOATS} | ({"label"} if split != "score" else set())
    absent = sorted(wanted - set(table.column_names))
    if absent:
        return [f"{split}: no column {', '.join(absent)}"]
    if table.num_rows == 0:
        return [f"{split}: no rows"]
    return [f"{split}: {problem}" for problem in [*_value_problems(table, wanted), *_label_problems(split, table)]]


def _value_problems(table: pa.Table, wanted: set[str]) -> list[str]:
    problems = [f"{name} has nulls" for name in sorted(wanted - set(NULLABLE_FLOATS)) if table.column(name).null_count]
    for name in (*FLOATS, *NULLABLE_FLOATS):
        if not pc.all(pc.is_finite(table.column(name).cast(pa.float64())), min_count=0).as_py():
            problems.append(f"{name} is not finite")
    if pc.count_distinct(table.column("customer_id")).as_py() != table.num_rows:
        problems.append("a customer has two rows")
    if pc.count_distinct(table.column("cutoff_at")).as_py() != 1:
        problems.append("more than one cutoff_at")
    return problems


def _label_problems(split: str, table: pa.Table) -> list[str]:
    if split == "score":
        return []
    labels = set(pc.unique(table.column("label")).to_pylist())
    return (
        [] if labels == {0, 1} else [f"label must hold both 0 and 1 and nothing else, holds {sorted(map(str, labels))}"]
    )


def _time_problems(tables: Mapping[str, pa.Table]) -> list[str]:
    train, test, score = (tables[split].column("cutoff_at")[0].as_py() for split in SPLITS)
    problems = []
    if test - train < HORIZON:
        problems.append(f"label windows overlap: train cutoff {train}, test cutoff {test}")
    if score - test < HORIZON:
        problems.append(f"test labels reach past the data: test cutoff {test}, score cutoff {score}")
    return problems
