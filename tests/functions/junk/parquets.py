"""Parquet files as an export writes them, and as a hostile or broken writer does."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from functions.export_sales.columns import to_frame
from ripple.flows import load_contract
from ripple.rows.sales_schema import arrow_schema
from tests.ripple.rows.sample_rows import an_order

CONTRACT = load_contract("sales")
SCHEMA = arrow_schema(CONTRACT)
CODECS = ("zstd", "snappy", "gzip", "brotli", "lz4", "none")


def orders(rows: int, **changed: Any) -> pa.Table:
    frame = to_frame([an_order(order_id=f"o-{number}") | changed for number in range(rows)], CONTRACT)
    return pa.Table.from_pandas(frame, schema=SCHEMA, preserve_index=False)


def write(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **{"compression": "zstd", "write_page_checksum": True, **options})
    return sink.getvalue()


def replaced(table: pa.Table, name: str, array: Any) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), pa.field(name, array.type), array)


def repeated(rows: int, **changed: Any) -> pa.Table:
    """One order many times over: every column is one dictionary value and one run."""
    return orders(1, **changed).take(pa.array([0] * rows, pa.int64()))


def patched_footer(data: bytes, old: bytes, new: bytes) -> bytes:
    length = int.from_bytes(data[-8:-4], "little")
    body, footer = data[: -8 - length], data[-8 - length : -8]
    assert old in footer
    footer = footer.replace(old, new)
    return body + footer + len(footer).to_bytes(4, "little") + b"PAR1"


def varint(number: int) -> bytes:
    """Zigzag, as Thrift's compact protocol writes an integer."""
    number, found = number * 2, b""
    while number > 127:
        found, number = found + bytes([number & 127 | 128]), number >> 7
    return found + bytes([number])


def damaged(seed: str, data: bytes, count: int) -> Iterator[tuple[str, bytes]]:
    """Bits flipped at random places, half of them in the footer and the last pages."""
    dice = random.Random(seed)
    for number in range(count):
        broken = bytearray(data)
        for _ in range(dice.choice((1, 1, 1, 3))):
            low = 0 if dice.random() < 0.5 else max(len(data) - 7000, 0)
            broken[dice.randrange(low, len(data))] ^= 1 << dice.randrange(8)
        yield f"{seed}-flip-{number}", bytes(broken)


def cut(seed: str, data: bytes, count: int) -> Iterator[tuple[str, bytes]]:
    dice = random.Random(seed)
    for number in range(count):
        start, end = sorted(dice.randrange(len(data)) for _ in range(2))
        yield f"{seed}-cut-{number}", data[:start] + data[end:]
        yield f"{seed}-end-{number}", data[:end]
        yield f"{seed}-noise-{number}", data[:start] + dice.randbytes(end - start) + data[end:]


def one_value(text: str, rows: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([text]))


def many_items(count: int) -> pa.Array:
    item = orders(1)["items"].chunk(0).flatten()[0]
    return pa.ListArray.from_arrays([0, count], pa.repeat(item, count)).cast(SCHEMA.field("items").type)


def other_types() -> dict[str, Any]:
    two = {"decimal": pa.decimal128(20, 2), "large decimal": pa.decimal256(60, 2), "int32": pa.int32(), "uint64": pa.uint64(),
           "float32": pa.float32(), "float64": pa.float64(), "bool": pa.bool_(), "null": pa.null()}  # fmt: skip
    cents = {
        f"net_cents as {name}": replaced(orders(2), "net_cents", pa.array([None, None], kind))
        for name, kind in two.items()
    }
    times = {
        "naive": pa.timestamp("us"), "nanoseconds": pa.timestamp("ns", "UTC"), "milliseconds": pa.timestamp("ms", "UTC"),
        "another zone": pa.timestamp("us", "Europe/Berlin"), "a date": pa.date32(), "date64": pa.date64(), "a time": pa.time64("us"),
        "a duration": pa.duration("us"), "text": pa.string(), "number": pa.int64(),
    }  # fmt: skip
    moments = {
        f"ordered_at as {name}": replaced(orders(2), "ordered_at", pa.array([None, None], kind))
        for name, kind in times.items()
    }
    texts = {
        "binary": pa.binary(), "fixed binary": pa.binary(8), "large": pa.large_string(), "a list": pa.list_(pa.string()),
        "a map": pa.map_(pa.string(), pa.string()), "a struct": pa.struct([("a", pa.string())]),
        "a dictionary": pa.dictionary(pa.int32(), pa.string()),
    }  # fmt: skip
    ids = {
        f"order_id as {name}": replaced(orders(2), "order_id", pa.array([None, None], kind))
        for name, kind in texts.items()
    }
    return cents | moments | ids


def deep(levels: int) -> pa.Table:
    kind = pa.int64()
    for _ in range(levels):
        kind = pa.list_(kind)
    return orders(1).append_column("x", pa.array([None], kind))


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing but the magic": (lambda: b"PAR1" * 3, "parquet_corrupt"),
    "encrypted": (lambda: write(orders(2))[:-4] + b"PARE", "parquet_corrupt"),
    "wrong magic": (lambda: write(orders(2))[:-4] + b"PAR2", "parquet_corrupt"),
    "one byte": (lambda: b"P", "parquet_corrupt"),
    "a footer of 2 GB": (lambda: write(orders(2))[:-8] + b"\xff\xff\xff\x7fPAR1", "parquet_corrupt"),
    "a footer of no bytes": (lambda: write(orders(2))[:-8] + b"\0\0\0\0PAR1", "parquet_corrupt"),
    "no footer": (lambda: write(orders(2))[:-2000], "parquet_corrupt"),
    "no rows": (lambda: write(orders(2).slice(0, 0)), "object_empty"),
    "no columns": (lambda: write(orders(2).select([])), "schema_mismatch"),
    "nested fifty deep": (lambda: write(deep(50)), "parquet_corrupt"),
    "10,000 columns": (lambda: write(pa.table({f"c{n}" * 40: [1] for n in range(10_000)})), "schema_mismatch"),
    "a null where none may be": (lambda: write(replaced(orders(2), "status", pa.array(["paid", None]))), "too_many_bad_rows"),
    "NaN": (lambda: write(replaced(orders(2), "discount_rate", pa.array([0.1, float("nan")]))), "too_many_bad_rows"),
    "infinity": (lambda: write(replaced(orders(2), "customer_age_days", pa.array([1.0, float("inf")]))), "too_many_bad_rows"),
    "past 2**53": (lambda: write(replaced(orders(2), "net_cents", pa.array([1, 2**53 + 1]))), "too_many_bad_rows"),
    "a time in the year 60,000": (
        lambda: write(replaced(orders(1), "ordered_at", pa.array([2 * 10**18]).cast(pa.timestamp("us", "UTC")))),
        "too_many_bad_rows",
    ),
    "an id with a line feed": (lambda: write(replaced(orders(1), "order_id", pa.array(["o-1\n"]))), "too_many_bad_rows"),
    "an unknown status": (lambda: write(replaced(orders(1), "status", pa.array(["lost"]))), "too_many_bad_rows"),
    "bytes that are no UTF-8": (
        lambda: write(replaced(orders(1), "batch_id", pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xff\xfe"]).buffers()))),
        "parquet_corrupt",
    ),
    "a page of 64 MB": (lambda: write(replaced(orders(1), "batch_id", pa.array(["x" * 64_000_000]))), "parquet_too_large"),
    "a value of 8 MB": (lambda: write(replaced(orders(1), "batch_id", pa.array(["x" * 8_000_000]))), "parquet_too_large"),
    "pages that inflate a thousandfold": (
        lambda: write(replaced(repeated(300), "batch_id", pa.array(["x" * 200_000] * 300)), use_dictionary=False),
        "parquet_too_large",
    ),
    "one value of 900 kB 100,000 times": (
        lambda: write(replaced(repeated(100_000), "batch_id", one_value("x" * 900_000, 100_000)), store_schema=False),
        "too_many_bad_rows",
    ),
    "one row of five million items": (lambda: write(replaced(orders(1), "items", many_items(5_000_000))), "parquet_too_large"),
    "a footer that promises two billion rows": (
        lambda: patched_footer(write(orders(8111)), varint(8111), varint(2_000_000_000)),
        "parquet_too_large",
    ),
    "a footer that promises more rows than its pages": (
        lambda: patched_footer(write(orders(8111)), varint(8111), varint(8222)),
        "parquet_corrupt",
    ),
    "a footer that promises fewer": (
        lambda: patched_footer(write(orders(8111)), varint(8111), varint(100)),
        "parquet_corrupt",
    ),
}  # fmt: skip


def compressed(codec: str) -> bytes:
    return write(orders(40), compression=codec)


SOUND: dict[str, Callable[[], bytes]] = {
    **{f"codec {codec}": partial(compressed, codec) for codec in CODECS},
    "pages of version 2": lambda: write(orders(40), data_page_version="2.0"),
    "no dictionaries": lambda: write(orders(40), use_dictionary=False),
    "without checksums": lambda: write(orders(40), write_page_checksum=False),
    "small pages": lambda: write(orders(400), data_page_size=100),
    "a row group for each row": lambda: write(orders(40), row_group_size=1),
    "statistics that lie": lambda: patched_footer(write(orders(40)), b"o-9", b"a-9"),
    "no statistics": lambda: write(orders(40), write_statistics=False),
    "a page index": lambda: write(orders(40), write_page_index=True),
    "a bloom filter's place left empty": lambda: write(orders(40), store_schema=False),
    "a hundred thousand rows of one": lambda: write(repeated(100_000)),
}
