"""Bytes and dollars as they are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from google.api_core.exceptions import BadRequest, Forbidden, GoogleAPICallError, NotFound, ServiceUnavailable

from cli.delivery.estimating import (
    RunEstimate,
    estimate_run,
    format_bytes,
    list_queries,
    list_reads,
    says_not_yet,
    summarize,
)
from cli.delivery.monthly_cost import describe_cost, summarize_cost
from ripple.errors import PermanentError


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


NO_TABLE = NotFound("Not found: Table shop:silver.orders was not found in location US")
NO_COLUMN = BadRequest("Unrecognized name: net_cents at [1:8]")


@pytest.mark.parametrize(
    ("error", "changed", "not_yet"),
    [
        (NO_TABLE, set(), True),
        (NotFound("Not found: Dataset shop:silver was not found"), set(), True),
        (NotFound("Not found: Project shop"), set(), False),
        (NO_COLUMN, set(), False),
        (NO_COLUMN, {"silver.orders"}, True),
        (BadRequest("Syntax error: Unexpected identifier at [1:8]"), {"silver.orders"}, False),
        (Forbidden("Access Denied: Table shop:silver.orders"), set(), False),
        (ServiceUnavailable("backend"), {"silver.orders"}, False),
    ],
    ids=lambda given: given.message if isinstance(given, GoogleAPICallError) else str(given),
)
def test_only_what_is_not_there_yet_is_no_fault(error: GoogleAPICallError, changed: set[str], not_yet: bool) -> None:
    assert says_not_yet(error, changed) == not_yet


@dataclass(frozen=True)
class DryRuns:
    """A client that answers each query with its bytes or its error."""

    answers: Mapping[str, int | GoogleAPICallError]

    def query(self, query: str, job_config: object) -> DryRuns:
        if isinstance(answer := self.answers[query], GoogleAPICallError):
            raise answer
        return DryRuns({"": answer})

    @property
    def total_bytes_processed(self) -> int | GoogleAPICallError:
        return self.answers[""]


def a_graph(*names: str) -> dict[str, object]:
    tables = [
        {"enumType": "TABLE", "target": {"schema": "gold", "name": name}, "query": name, "dependencyTargets": UPSTREAM}
        for name in names
    ]
    return {"tables": tables}


UPSTREAM = [{"schema": "silver", "name": "orders"}]


def test_sql_that_cannot_run_fails_the_plan_with_its_name_and_message() -> None:
    client = DryRuns({"a": 10, "b": BadRequest("Syntax error: Unexpected )"), "c": NO_TABLE})
    with pytest.raises(PermanentError, match=r"1 statements cannot run:\n  gold.b: Syntax error: Unexpected \)"):
        estimate_run(client, a_graph("a", "b", "c"))  # type: ignore[arg-type]


def test_what_reads_a_column_that_this_deployment_adds_is_not_known_yet() -> None:
    client = DryRuns({"a": 10, "b": NO_COLUMN, "c": NO_TABLE})
    estimate = estimate_run(client, a_graph("a", "b", "c"), {"silver.orders"})  # type: ignore[arg-type]
    assert (estimate.bytes, estimate.unknown) == (10, ("gold.b", "gold.c"))
    assert list_reads(a_graph("a")) == {"gold.a": {"gold.a", "silver.orders"}}
