"""What an export says that it left out is held against what is in quarantine."""

from __future__ import annotations

from typing import Any

import pytest

from ripple.rows.sales_schema import QUARANTINE_KEY, QUARANTINED_KEY, ROWS_KEY
from ripple.wire.events import BronzeObjectLanded, BronzeObjectRejected
from tests.functions.exported import left_out
from tests.functions.fakes import FakeEdge
from tests.functions.junk.parquets import orders, write
from tests.functions.test_land_object import SALES, deliver, put


def land(edge: FakeEdge, *, rows: int, promised: int, uri: str) -> Any:
    counts = {ROWS_KEY: str(rows), QUARANTINED_KEY: str(promised)} | ({QUARANTINE_KEY: uri} if uri else {})
    return deliver(edge, put(edge, write(orders(rows - promised)), SALES, **counts))


def test_rows_whose_quarantine_is_there_land() -> None:
    edge = FakeEdge()
    landed = land(edge, rows=100, promised=3, uri=left_out(edge, [1, 50, 100]))
    assert isinstance(landed, BronzeObjectLanded)
    assert (landed.rows, landed.rows_quarantined, landed.rows_checked) == (100, 3, 97)


@pytest.mark.parametrize(
    "uri", ["", "gs://ripple-test-quarantine/sales/dt=2026-01-01/none.jsonl", "no uri", "gs://ripple-test-bronze/x"]
)
def test_a_quarantine_that_is_missing_or_elsewhere_refuses_the_file(uri: str) -> None:
    rejected = land(FakeEdge(), rows=100, promised=3, uri=uri)
    assert isinstance(rejected, BronzeObjectRejected)
    assert rejected.code == "quarantine_mismatch"


def test_records_in_another_bucket_refuse_the_file() -> None:
    edge = FakeEdge()
    rejected = land(edge, rows=100, promised=3, uri=left_out(edge, [1, 2, 3], "ripple-test-control"))
    assert isinstance(rejected, BronzeObjectRejected)
    assert rejected.code == "quarantine_mismatch"


@pytest.mark.parametrize("documents", [[], [1, 2], [1, 2, 3, 4], [1, 1, 2]])
def test_another_number_of_records_refuses_the_file(documents: list[int]) -> None:
    edge = FakeEdge()
    rejected = land(edge, rows=100, promised=3, uri=left_out(edge, documents))
    assert isinstance(rejected, BronzeObjectRejected)
    assert (rejected.code, rejected.rows) == ("quarantine_mismatch", None)


def test_records_that_nobody_promised_refuse_the_file() -> None:
    edge = FakeEdge()
    rejected = land(edge, rows=97, promised=0, uri=left_out(edge, [1]))
    assert isinstance(rejected, BronzeObjectRejected)
    assert rejected.code == "quarantine_mismatch"


@pytest.mark.parametrize("data", [b"no json\n", b"[]\n", b"{}\n", b'{"line": "x"}\n'])
def test_what_is_no_record_refuses_the_file(data: bytes) -> None:
    edge = FakeEdge()
    uri = edge.objects.put("ripple-test-quarantine", "x.jsonl", data).ref.uri
    rejected = land(edge, rows=41, promised=1, uri=uri)
    assert isinstance(rejected, BronzeObjectRejected)
    assert rejected.code == "quarantine_mismatch"
