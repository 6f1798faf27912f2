"""A field of delimited text as a time: a number or a text, by what its contract declares."""

from __future__ import annotations

from typing import Any

import pytest

from ripple.rows.contracts import read_contract
from ripple.rows.formats.cells import to_row
from ripple.rows.formats.dialect import Cell, read_dialect


@pytest.mark.parametrize(
    ("text", "grammar", "wanted"),
    [
        ("1064486981", ["epoch_seconds"], 1064486981),
        ("1064486981", ["epoch_seconds_text"], "1064486981"),
        ("1064486981123", ["epoch_seconds", "epoch_millis_text"], "1064486981123"),
        ("1064486981.5", ["epoch_float", "date"], 1064486981.5),
        ("1064486981.5", ["epoch_seconds_text"], "1064486981.5"),
        ("2003-09-25 10:49", ["space_naive", {"zone": "Europe/Berlin"}], "2003-09-25 10:49"),
    ],
)
def test_digits_are_a_number_only_where_epochs_of_their_size_are_declared_as_numbers(
    text: str, grammar: list[Any], wanted: object
) -> None:
    moments = read_contract(
        {"flow": "f", "format": "csv", "fields": {"t": {"kind": "timestamp", "grammar": grammar}}}, "f"
    )
    row = to_row([Cell(text, False)], ["t"], moments, read_dialect("csv", {}))
    assert row == {"t": wanted}
    assert moments.find_violation(row) is None
