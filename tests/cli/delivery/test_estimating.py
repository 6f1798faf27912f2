"""Bytes and dollars as they are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from cli.delivery.estimating import RunEstimate, format_bytes, list_queries, summarize
from cli.delivery.monthly_cost import describe_cost, summarize_cost


@dataclass(frozen=True)
class Month:
    """A cent a file and day, and a dollar for the rest."""

    usd: float
    by_service: Mapping[str, float]
    warnings: Sequence[str] = field(default=())


def price(files_per_day: float, /) -> Month:
    warnings = ["it does not fit"] if files_per_day > 1000 else []
    return Month(files_per_day * 0.30 + 1, {"BigQuery": files_per_day * 0.30, "Scheduler": 1.0}, warnings)


def test_a_month_is_shown_with_its_dearest_services_first() -> None:
    described = describe_cost(100, price)
    assert described["usd_per_month"] == 31.0
    assert (
        summarize_cost(described) == "100 files a day cost some 31.00 USD a month (BigQuery 30.00, Scheduler 1.00 ...)"
    )


def test_what_a_volume_does_not_fit_is_shown_too() -> None:
    assert summarize_cost(describe_cost(1001, price)).endswith("\n  it does not fit")


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (12_300_000, "12.3 MB"),
        (2 * 10**12, "2.0 TB"),
        (10**16, "10000.0 TB"),
    ],
)
def test_bytes_are_shown_in_units_that_prices_have(count: int, shown: str) -> None:
    assert format_bytes(count) == shown


def test_what_no_dry_run_takes_yet_is_counted() -> None:
    assert "2 of 5" in summarize(RunEstimate(bytes=10, statements=5, unknown=("a", "b")))
    assert "statements" not in summarize(RunEstimate(bytes=10, statements=5))


def test_an_incremental_table_reads_as_it_does_in_every_run_but_its_first() -> None:
    target = {"schema": "silver", "name": "t"}
    table = {"enumType": "INCREMENTAL", "target": target, "query": "SELECT 1", "incrementalQuery": "SELECT 2"}
    check = {"target": {"schema": "assertions", "name": "c"}, "query": "SELECT 3"}
    assert list_queries({"tables": [table], "assertions": [check]}) == {
        "silver.t": "SELECT 2",
        "assertions.c": "SELECT 3",
    }
