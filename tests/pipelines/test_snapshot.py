"""What a snapshot must hold before anything learns from it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pipelines.repeat_purchase.snapshot import find_problems, hash_files, join_files
from tests.pipelines.customers import make_customers, make_snapshot

FILES = make_snapshot(make_customers(200, seed=1))
TABLES = {
    split: join_files({f"{split}-000.parquet": FILES[f"{split}-000.parquet"]}) for split in ("train", "test", "score")
}


def change(split: str, column: str, values: Any) -> dict[str, Any]:
    table = TABLES[split]
    index = table.column_names.index(column)
    return {**TABLES, split: table.set_column(index, column, values)}


def fill(split: str, value: Any) -> pa.Array:
    return pa.array([value] * TABLES[split].num_rows)


def test_a_good_snapshot_has_no_problems() -> None:
    assert find_problems(TABLES) == []


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({**TABLES, "train": None}, "train: no Parquet file"),
        ({**TABLES, "test": TABLES["test"].slice(0, 0)}, "test: no rows"),
        ({**TABLES, "train": TABLES["train"].drop_columns(["label", "stage"])}, "train: no column label, stage"),
        (change("train", "label", fill("train", 1)), "label must hold both 0 and 1"),
        (change("train", "cart_rate", fill("train", float("nan"))), "cart_rate is not finite"),
        (change("score", "frequency", pa.nulls(TABLES["score"].num_rows, pa.int64())), "frequency has nulls"),
        (change("test", "customer_id", fill("test", "c1")), "a customer has two rows"),
        (
            change("test", "cutoff_at", pc.subtract(TABLES["test"].column("cutoff_at"), pa.scalar(timedelta(days=1)))),
            "label windows overlap",
        ),
    ],
)
def test_a_broken_snapshot_is_described(tables: dict[str, Any], said: str) -> None:
    assert said in "; ".join(find_problems(tables))


def test_the_hash_covers_names_and_bytes_in_any_order() -> None:
    assert hash_files({"a": b"1", "b": b"2"}) == hash_files({"b": b"2", "a": b"1"})
    assert len({hash_files(files) for files in ({"a": b"1"}, {"b": b"1"}, {"a": b"2"})}) == 3
