"""Records of CSV are judged as the rows that they are, by column as one by one; a stray quote harms its own line only."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ripple.errors import PermanentError
from ripple.rows.contracts import Contract
from ripple.rows.contracts.lines import BadLine
from ripple.rows.formats.delimited import MOST_SPANNED, judge_delimited
from ripple.rows.formats.dialect import Dialect, read_dialect
from tests.ripple.rows.layouts.reference import Judged, judge_singly, list_accepted
from tests.ripple.rows.layouts.test_layouts import CONTRACTS, GOOD, write

CONTRACT = CONTRACTS["mixed"][0]
SINGLY = 10**9


def judge(
    text: bytes, dialect: Dialect | None = None, size: int = 1 << 20, least: int = 1, contract: Contract = CONTRACT
) -> Judged:
    accepted, odd, rows = [], [], 0
    for page in judge_delimited(io.BytesIO(text), "gs://b/x.csv", contract, dialect or Dialect(), size, least):
        odd += [(rows + at, found) for at, found in page.odd]
        rows += page.rows
        accepted += list_accepted(page.accepted, contract)
    return Judged(rows, sorted(accepted, key=lambda row: row[0]), odd)


def as_cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def write_csv(rows: Sequence[Mapping[str, Any]], dialect: Dialect | None = None, **how: Any) -> bytes:
    held, dialect = io.StringIO(), dialect or Dialect()
    names = list(rows[0])
    writer = csv.writer(held, delimiter=dialect.delimiter, quotechar=dialect.quote, **how)
    writer.writerows([names] * dialect.header + [[as_cell(row[name]) for name in names] for row in rows])
    return held.getvalue().encode()


def values_of(judged: Judged) -> list[dict[str, Any]]:
    return [values for *_, values in judged.accepted]


TEXTS = ["", " ", "a", "null", "NA", "é", "a,b", 'say "so"', "two\nlines", "a\r\nb", ";", "\t", "'", "true", "1"]
ROWS = [
    *({**GOOD, "s": text} for text in TEXTS if text),
    {**GOOD, "n": 2**63 - 1, "x": -1e300, "y": None, "b": False, "e": 'a"b'},
    {**GOOD, "b": None, "d": None, "e": None, "l": None, "word": None},
    {**GOOD, "t": 1762258748344},
    {**GOOD, "t": "2025-11-04 12:19:08"},
    {**GOOD, "x": 7},
    {**GOOD, "l": []},
    {**GOOD, "r": []},
]


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
@pytest.mark.parametrize("size", [50, 1 << 20])
def test_what_any_writer_quotes_is_read_as_the_same_rows(quoting: int, sign: str, size: int) -> None:
    dialect = read_dialect("csv", {"delimiter": sign})
    expected = judge_singly("\n".join(write(row) for row in ROWS).encode(), CONTRACT)
    found = judge(write_csv(ROWS, dialect, quoting=quoting, lineterminator="\n"), dialect, size)
    assert values_of(found) == values_of(expected)
    assert not found.odd


def test_the_order_of_columns_is_free_and_one_may_be_missing() -> None:
    row = {name: value for name, value in reversed(list(GOOD.items())) if name != "word"}
    assert (
        values_of(judge(write_csv([row] * 3)))
        == values_of(judge_singly(write({**GOOD, "word": None}).encode(), CONTRACT)) * 3
    )


def test_names_stand_for_a_header() -> None:
    dialect = read_dialect("tsv", {"header": False, "names": list(GOOD)})
    assert len(judge(write_csv([GOOD] * 3, dialect), dialect).accepted) == 3


def test_declared_nulls_are_no_values_and_a_quoted_text_is_one() -> None:
    dialect = read_dialect("csv", {"nulls": ["", "NA"]})
    text = write_csv([{**GOOD, "word": "NA", "y": "NA", "s": "zz"}], dialect).replace(b",zz,", b',"",')
    (values,) = values_of(judge(text, dialect))
    assert (values["word"], values["y"], values["s"]) == ("None", "None", "''")


def test_a_field_more_follows_the_contracts_evolution() -> None:
    text = write_csv([{**GOOD, "gift": "yes"}] * 2)
    assert [found.violation.code for _, found in judge(text).odd if isinstance(found, BadLine)] == ["unknown_field"] * 2
    evolving = judge(text, contract=CONTRACTS["evolving"][0])
    assert [rescued for _, _, rescued, _ in evolving.accepted] == ['{"gift":"yes"}'] * 2


HEAD = ",".join(GOOD).encode()
LINE = write_csv([GOOD]).split(b"\r\n")[1]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (LINE + b",", "wrong_field_count"),
        (LINE.partition(b",")[2], "wrong_field_count"),
        (b'"' + LINE, "malformed_csv"),
        (LINE.replace(b"abc-1", b'a"c'), "malformed_csv"),
        (LINE.replace(b"abc-1", b'"abc"-1'), "malformed_csv"),
        (LINE.replace(b"abc-1", b"ABC"), "out_of_range"),
        (LINE.replace(b",5,", b",5.0,"), "wrong_type"),
        (LINE.replace(b",5,", b",05,"), "wrong_type"),
        (LINE.replace("héllo".encode(), b"\xff"), "invalid_utf8"),
        (LINE.replace("héllo".encode(), "\ufffd".encode()), "invalid_utf8"),
        (LINE.replace(b"True", b"yes"), "wrong_type"),
        (LINE.replace(b"2025-11-04T12:19:08.344Z", b"yesterday"), "timestamp_unparseable"),
        (LINE.replace(b'""sku"": ""x""', b'""sku"": ""x"", ""sku"": ""y""'), "wrong_type"),
    ],
)
@pytest.mark.parametrize("least", [1, SINGLY])
def test_a_bad_record_is_set_apart_between_good_ones(line: bytes, code: str, least: int) -> None:
    found = judge(b"\n".join([HEAD, LINE, LINE, line, LINE, LINE]) + b"\n", least=least)
    assert [(at, bad.line, bad.violation.code) for at, bad in found.odd if isinstance(bad, BadLine)] == [(3, 4, code)]
    assert len(found.accepted) == 4


def test_a_quote_that_nothing_closes_harms_its_own_line_only() -> None:
    found = judge(b"\n".join([HEAD, LINE, LINE.replace(b"abc-1", b'"abc'), *[LINE] * (MOST_SPANNED + 5)]))
    assert [bad.line for _, bad in found.odd] == [3]
    assert len(found.accepted) == MOST_SPANNED + 6


@pytest.mark.parametrize("head", [b"", b"id,id\n", b"id,,n\n", b"a;b;c\n", b'"id,n\n', b"\xff,id\n"])
def test_a_header_that_is_none_is_refused(head: bytes) -> None:
    with pytest.raises(PermanentError) as caught:
        judge(head + LINE)
    assert caught.value.code == "header_malformed"


def test_a_byte_order_mark_before_the_header_is_of_no_name() -> None:
    assert len(judge(b"\xef\xbb\xbf" + HEAD + b"\r\n" + LINE).accepted) == 1


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32), size=st.sampled_from([40, 900, 1 << 20]))
def test_records_with_bytes_at_random_are_judged_as_one_by_one(seed: int, size: int) -> None:
    dice = random.Random(seed)
    text = bytearray(
        write_csv([dice.choice(ROWS) for _ in range(15)], quoting=dice.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))[
            len(HEAD) :
        ]
    )
    for _ in range(dice.randrange(8)):
        at = dice.randrange(len(text))
        text[at : at + dice.randrange(3)] = dice.choice(
            [b"", b'"', b'""', b",", b"\n", b"\r", b"\xff", b"\x00", b"\\", b" "]
        )
    whole = HEAD + b"\n" + bytes(text)
    assert judge(whole, size=size) == judge(whole, size=size, least=SINGLY)


def test_rows_are_read_by_column_where_all_is_well() -> None:
    rows = [{**GOOD, "word": f"w{at}", "y": at % 3 or None, "l": None, "r": "[]"} for at in range(50)]
    text = write_csv(rows, quoting=csv.QUOTE_MINIMAL)
    assert judge(text) == judge(text, least=SINGLY)
