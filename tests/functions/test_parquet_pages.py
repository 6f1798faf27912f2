"""What page headers say is summed before anything is decoded: each limit holds to the byte, and each cut header is refused."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from functions.land_object.pages import (
    MAX_GROUPS,
    MAX_LIST_BYTES,
    MAX_PAGE_BYTES,
    MAX_PAGES,
    MAX_RATIO,
    MAX_ROWS,
    MAX_VALUE_BYTES,
    MAX_VALUES,
    ColumnReadPlan,
    Page,
    plan_batches,
    read_header,
)
from ripple.errors import PermanentError

MIB = 1024**2


def varint(number: int) -> bytes:
    found = b""
    while number > 127:
        found, number = found + bytes([number & 127 | 128]), number >> 7
    return found + bytes([number])


def integer(number: int) -> bytes:
    return varint(number << 1 if number >= 0 else (-number << 1) - 1)


def struct(fields: Mapping[int, Any]) -> bytes:
    """In Thrift's compact protocol: integers, structs, texts, truths; a pair is `(type, bytes as they are)`."""
    written, last = b"", 0
    for number, value in fields.items():
        kind, body = encode(value)
        step = number - last
        written += bytes([step << 4 | kind]) if 0 < step < 16 else bytes([kind]) + integer(number)
        written, last = written + body, number
    return written + b"\0"


def encode(value: Any) -> tuple[int, bytes]:
    if isinstance(value, tuple):
        return value
    if isinstance(value, bool):
        return (1 if value else 2), b""
    if isinstance(value, int):
        return 5, integer(value)
    return (12, struct(value)) if isinstance(value, dict) else (8, varint(len(value)) + value)


def header(inflated: int, stored: int, values: int, encoding: int = 0, kind: int = 5, **more: Any) -> bytes:
    inner = {1: values, 2: encoding} if kind != 8 else {1: values, 2: 0, 3: values, 4: encoding}
    return struct({1: 0, 2: inflated, 3: stored, **({9: more["text"]} if more else {}), kind: inner})


HEADERS: dict[str, tuple[Mapping[int, Any], tuple[int, int, int, bool, bool]]] = {
    "plain": ({1: 0, 2: 100, 3: 50, 5: {1: 7, 2: 0, 3: 3, 4: 8}}, (50, 100, 7, True, False)),
    "coded the old way": ({2: 100, 3: 50, 5: {1: 7, 2: 2}}, (50, 100, 7, True, True)),
    "coded": ({2: 100, 3: 50, 5: {1: 7, 2: 8}}, (50, 100, 7, True, True)),
    "version 2": ({2: 100, 3: 50, 8: {1: 7, 2: 8, 3: 7, 4: 0}}, (50, 100, 7, True, False)),
    "version 2, coded": ({2: 100, 3: 50, 8: {1: 7, 2: 0, 3: 7, 4: 8, 5: 0, 6: 0, 7: True}}, (50, 100, 7, True, True)),
    "a dictionary": ({2: 100, 3: 50, 7: {1: 3, 2: 8, 3: False}}, (50, 100, 3, False, False)),
    "an index": ({2: 100, 3: 50, 6: {}}, (50, 100, 0, False, False)),
    "two kinds, of which the first counts": ({2: 100, 3: 50, 5: {1: 7, 2: 8}, 7: {1: 3}}, (50, 100, 7, True, True)),
    "no bytes, no values": ({2: 0, 3: 0, 5: {1: 0, 2: 0}}, (0, 0, 0, True, False)),
    "large numbers": ({2: 2**40, 3: 2**33 + 1, 5: {1: 2**31 + 1, 2: 0}}, (2**33 + 1, 2**40, 2**31 + 1, True, False)),
    "every kind of field": (
        {1: (3, b"\x7f"), 2: 100, 3: 50, 5: {1: 7, 2: 8, 5: {1: b"low", 2: b"", 3: True}}, 9: (7, b"eight---"), 10: (4, b"\x03"),
         11: (6, b"\x05"), 40: b"long form", 41: False},
        (50, 100, 7, True, True),
    ),
    "seven structs deep": (
        {2: 100, 3: 50, 5: {1: 7, 2: 0, 9: {1: {1: {1: {1: {1: {1: {1: 1}}}}}}}}},
        (50, 100, 7, True, False),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", HEADERS)
def test_a_header_says_its_page(what: str) -> None:
    fields, (stored, inflated, values, is_data, is_coded) = HEADERS[what]
    data = struct(fields)
    assert read_header(data + b"the page") == Page(
        header=len(data), stored=stored, inflated=inflated, values=values, is_data=is_data, is_coded=is_coded
    )


@pytest.mark.parametrize("what", HEADERS)
def test_a_header_that_is_cut_anywhere_is_none(what: str) -> None:
    data = struct(HEADERS[what][0])
    for end in range(len(data)):
        with pytest.raises(ValueError, match="page header"):
            read_header(data[:end])


NO_HEADERS: dict[str, tuple[Mapping[int, Any], str]] = {
    "no inflated size": ({3: 50, 5: {1: 7, 2: 0}}, "without its sizes"),
    "no stored size": ({2: 100, 5: {1: 7, 2: 0}}, "without its sizes"),
    "no values": ({2: 100, 3: 50, 5: {2: 0}}, "without its sizes"),
    "a negative size": ({2: 100, 3: -1, 5: {1: 7, 2: 0}}, "without its sizes"),
    "negative values": ({2: 100, 3: 50, 5: {1: -7, 2: 0}}, "without its sizes"),
    "a size that is a struct": ({2: {1: 1}, 3: 50, 5: {1: 7, 2: 0}}, "without its sizes"),
    "values that are a text": ({2: 100, 3: 50, 5: {1: b"7", 2: 0}}, "without its sizes"),
    "a list": ({2: 100, 3: 50, 5: (9, b"\0")}, "a field of type 9"),
    "eight structs deeper": (
        {2: 100, 3: 50, 5: {1: 7, 9: {1: {1: {1: {1: {1: {1: {1: {}}}}}}}}}},
        "nested deeper",
    ),
    "a number without end": ({2: (5, b"\xff" * 20)}, "more than 64 bits"),
    "a number of 71 bits": ({2: (5, b"\xff" * 10 + b"\1")}, "more than 64 bits"),
}


@pytest.mark.parametrize("what", NO_HEADERS)
def test_what_is_no_header_is_refused_with_the_reason(what: str) -> None:
    fields, reason = NO_HEADERS[what]
    with pytest.raises(ValueError, match=reason):
        read_header(struct(fields))


def test_a_number_of_64_bits_is_read() -> None:
    data = struct({2: (6, b"\xfe" + b"\xff" * 8 + b"\x01"), 3: 0, 5: {1: 0, 2: 0}})
    assert read_header(data).inflated == 2**63 - 1


@dataclass
class Column:
    """A column chunk: where its pages stand, as pyarrow says it of a footer."""

    path: str
    data_page_offset: int | None
    total_compressed_size: int
    dictionary_page_offset: int | None = None


@dataclass
class Group:
    num_rows: int
    columns: Sequence[Column]

    def column(self, at: int) -> Column:
        return self.columns[at]


@dataclass
class File:
    """A file of pages, and what pyarrow says of its footer."""

    data: bytearray = field(default_factory=lambda: bytearray(b"PAR1"))
    groups: list[Group] = field(default_factory=list)
    rows: int | None = None

    @property
    def num_rows(self) -> int:
        return sum(group.num_rows for group in self.groups) if self.rows is None else self.rows

    @property
    def num_row_groups(self) -> int:
        return len(self.groups)

    @property
    def num_columns(self) -> int:
        return len(self.groups[0].columns) if self.groups else 0

    @property
    def schema(self) -> File:
        return self

    def row_group(self, at: int) -> Group:
        return self.groups[at]

    def column(self, at: int) -> Column:
        return self.groups[0].columns[at]

    def add(self, *pages: bytes, path: str = "a", stored: int = 0) -> Column:
        """Each page is a header, followed by `stored` bytes; a dictionary goes first and has an offset of its own."""
        begin, starts = len(self.data), []
        for page in pages:
            starts.append(len(self.data))
            self.data += page + bytes(stored)
        if not pages:
            return Column(path, None, 0)
        if read_header(pages[0]).is_data:
            return Column(path, begin, len(self.data) - begin)
        second = starts[1] if len(starts) > 1 else None
        return Column(path, second, len(self.data) - begin, begin)

    def group(self, rows: int, *columns: Column) -> File:
        self.groups.append(Group(rows, columns))
        return self

    def plan(self) -> Mapping[str, ColumnReadPlan]:
        return plan_batches(self, io.BytesIO(self.data), "gs://b/x.parquet")


def data_page(inflated: int, values: int, encoding: int = 0, stored: int = 0) -> bytes:
    return header(inflated, stored, values, encoding)


def dictionary(inflated: int, values: int, stored: int = 0) -> bytes:
    return header(inflated, stored, values, kind=7)


def file_of(rows: int, *pages: bytes, path: str = "a", stored: int = 0) -> Callable[[], File]:
    """What makes a file of one column in one row group."""

    def make() -> File:
        made = File()
        return made.group(rows, made.add(*pages, path=path, stored=stored))

    return make


PLANS: dict[str, tuple[Callable[[], File], tuple[int, bool]]] = {
    "narrow values": (file_of(100, data_page(1000, 100)), (16_384, False)),
    "values of a mebibyte": (file_of(4, data_page(4 * MIB, 4)), (16, False)),
    "the widest of its pages": (file_of(5, data_page(4 * MIB, 4), data_page(8, 1)), (16, False)),
    "coded": (file_of(9, dictionary(3 * MIB, 3), data_page(9, 9, 8)), (16, True)),
    "coded in part": (file_of(9, dictionary(8 * MIB, 8), data_page(4, 4, 8), data_page(5, 5)), (2, False)),
    "a dictionary wider than a batch": (
        file_of(64, dictionary(32 * MIB, 32, 335_545), data_page(64, 64, stored=335_545), stored=335_545),
        (1, False),
    ),
    "a page of no values": (file_of(0, data_page(MIB, 0)), (16, False)),
    "no pages": (file_of(0), (16_384, True)),
    "a list that is not coded": (file_of(1, data_page(2 * MIB, 4), path="a.list.element"), (32, True)),
}  # fmt: skip


@pytest.mark.parametrize("what", PLANS)
def test_a_column_is_read_as_wide_as_its_values(what: str) -> None:
    make, (rows, as_dictionary) = PLANS[what]
    assert make().plan() == {"a": ColumnReadPlan(rows=rows, as_dictionary=as_dictionary)}


def test_a_column_of_several_row_groups_is_read_as_its_widest_needs() -> None:
    made = File()
    made.group(9, made.add(dictionary(9, 9), data_page(9, 9, 8)), made.add(data_page(9, 9), path="b"))
    made.group(4, made.add(data_page(4 * MIB, 4)), made.add(data_page(4, 4), path="b"))
    assert made.plan() == {
        "a": ColumnReadPlan(rows=16, as_dictionary=False),
        "b": ColumnReadPlan(rows=16_384, as_dictionary=False),
    }


def test_the_columns_of_a_list_are_read_together() -> None:
    made = File()
    columns = [made.add(data_page(2 * MIB, 4), path="a.x"), made.add(data_page(8, 8, 8), path="a.y")]
    assert made.group(2, *columns).plan() == {"a": ColumnReadPlan(rows=32, as_dictionary=True)}


def test_a_header_may_be_long_but_not_without_end() -> None:
    long, endless = (struct({1: b"x" * size, 2: 8, 3: 0, 5: {1: 8, 2: 0}}) for size in (60_000, 70_000))
    assert file_of(8, long)().plan()["a"].rows == 16_384
    with pytest.raises(ValueError, match="is cut"):
        file_of(8, endless)().plan()


def test_pages_begin_with_whichever_the_footer_names_first() -> None:
    made = file_of(9, dictionary(3 * MIB, 3), data_page(9, 9, 8))()
    made.groups[0].columns[0].dictionary_page_offset = 0
    made.groups[0].columns[0].data_page_offset = 4
    assert made.plan() == {"a": ColumnReadPlan(rows=16, as_dictionary=True)}


@pytest.mark.parametrize("values", [8, 10])
def test_a_column_that_holds_other_than_its_group_has_rows_is_corrupt(values: int) -> None:
    with pytest.raises(ValueError, match=f"a holds {values} values, its row group 9 rows"):
        file_of(9, dictionary(5, 5), data_page(values, values))().plan()


AT_THE_LIMIT: dict[str, tuple[Callable[[], File], Callable[[], File], str]] = {
    "rows": (lambda: File(rows=MAX_ROWS), lambda: File(rows=MAX_ROWS + 1), "5000001 rows, more than 5000000"),
    "row groups": (
        lambda: File(groups=[Group(0, [])] * MAX_GROUPS),
        lambda: File(groups=[Group(0, [])] * (MAX_GROUPS + 1)),
        "501 row groups",
    ),
    "a page": (
        file_of(32, data_page(MAX_PAGE_BYTES, 32, stored=335_545), stored=335_545),
        file_of(33, data_page(MAX_PAGE_BYTES + 1, 33, stored=335_545), stored=335_545),
        f"a page of {MAX_PAGE_BYTES + 1} bytes",
    ),
    "values on the average of a page": (
        file_of(2, data_page(2 * MAX_VALUE_BYTES, 2)),
        file_of(2, data_page(2 * MAX_VALUE_BYTES + 1, 2)),
        f"values of more than {MAX_VALUE_BYTES} bytes",
    ),
    "a page without values": (
        file_of(0, data_page(MAX_VALUE_BYTES, 0)),
        file_of(0, data_page(MAX_VALUE_BYTES + 1, 0)),
        f"values of more than {MAX_VALUE_BYTES} bytes",
    ),
    "values of a column": (
        file_of(1, data_page(1, MAX_VALUES - 1), data_page(1, 1), path="a.b"),
        file_of(1, data_page(1, MAX_VALUES - 1), data_page(1, 2), path="a.b"),
        f"more than {MAX_VALUES} values of a column in one row group",
    ),
    "bytes of a list": (
        file_of(1, *[data_page(MAX_LIST_BYTES // 4, 32, stored=83_887)] * 4, path="a.b", stored=83_887),
        file_of(1, *[data_page(MAX_LIST_BYTES // 4, 32, stored=83_887)] * 4, data_page(1, 1, stored=83_887), path="a.b", stored=83_887),
        f"lists of more than {MAX_LIST_BYTES} bytes",
    ),
    "what inflates a little": (
        file_of(32, data_page(16 * MIB - 1, 31), data_page(1, 1)),
        file_of(32, data_page(16 * MIB, 31), data_page(1, 1)),
        f"pages that inflate past {MAX_RATIO} times their size",
    ),
    "what inflates much": (
        file_of(32, data_page(20_000_000, 32, stored=100_000), stored=100_000),
        file_of(32, data_page(20_000_001, 32, stored=100_000), stored=100_000),
        f"pages that inflate past {MAX_RATIO} times their size",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", AT_THE_LIMIT)
def test_a_file_is_taken_at_each_limit_and_refused_past_it(what: str) -> None:
    taken, refused, reason = AT_THE_LIMIT[what]
    taken().plan()
    with pytest.raises(PermanentError, match=reason) as caught:
        refused().plan()
    assert (caught.value.code, "gs://b/x.parquet has " in caught.value.reason) == ("parquet_too_large", True)


def test_a_text_column_may_be_larger_than_a_list() -> None:
    pages = [data_page(16 * MIB, 32, stored=83_887)] * 5
    assert file_of(160, *pages, stored=83_887)().plan()["a"].rows == 32


def test_what_all_columns_and_row_groups_inflate_to_is_one_sum() -> None:
    made = File()
    for _ in range(2):
        made.group(8, made.add(data_page(4 * MIB, 8)), made.add(data_page(4 * MIB, 8), path="b"))
    made.plan()
    with pytest.raises(PermanentError, match="inflate past"):
        made.group(1, made.add(data_page(1, 1)), made.add(data_page(0, 1), path="b")).plan()


def test_a_column_that_names_no_page_has_none() -> None:
    made = File()
    assert made.group(0, Column("a", None, 50)).plan()["a"].rows == 16_384


def test_a_column_of_very_many_pages_is_refused() -> None:
    with pytest.raises(PermanentError, match=f"more than {MAX_PAGES} pages"):
        file_of(0, *[data_page(0, 0)] * (MAX_PAGES + 1))().plan()


def test_so_are_columns_of_as_many_together() -> None:
    page = data_page(0, 0)
    made = File()
    made.group(0, *[made.add(*[page] * (MAX_PAGES // 2 + extra), path=path) for path, extra in (("a", 0), ("b", 1))])
    with pytest.raises(PermanentError, match=f"more than {MAX_PAGES} pages"):
        made.plan()
