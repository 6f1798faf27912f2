"""What the truth files promise is what the contracts find."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter

import orjson
import pytest

from generators.defects import CLICKSTREAM, SALES, Document, document_kinds, line_kinds
from generators.dirt import Kind
from generators.times import DOCUMENT_KEPT, DOCUMENT_REFUSED, LINE_KEPT, LINE_REFUSED
from ripple.flows import load_contract
from ripple.rows.contracts.lines import read_line
from tests.generators.conftest import MAINS, Lake

LINE_FLOWS = ("clickstream", "startups")
MOMENTS = ("ordered_at", "ingested_at", "updated_at", "customer_acquired_at")


def read_document(line: bytes) -> tuple[str, dict[str, object]]:
    """Id and fields; what is written as Firestore would hold it (RFC 3339 in Z) is a timestamp again."""
    document = orjson.loads(line)
    fields = document["data"]
    for name in MOMENTS:
        if isinstance(fields.get(name), str) and fields[name].endswith("Z") and "T24" not in fields[name]:
            fields[name] = dt.datetime.fromisoformat(fields[name])
    return document["id"], fields


@pytest.mark.parametrize("flow", LINE_FLOWS)
def test_exactly_the_lines_promised_are_refused_and_for_the_reason_promised(flow: str, dirty_lake: Lake) -> None:
    contract = load_contract(flow)
    found = {
        (uri, number): violation.code
        for uri, lines in dirty_lake.files(flow).items()
        for number, line in enumerate(lines, 1)
        if (violation := read_line(line, contract)[1])
    }
    bad = [row for row in dirty_lake.truth(flow) if row["expected"] == "quarantined"]
    assert found == {(row["object"], row["line"]): row["code"] for row in bad}


def test_exactly_the_documents_promised_are_refused_and_for_the_reason_promised(dirty_lake: Lake) -> None:
    contract = load_contract("sales")
    documents = [read_document(line) for line in dirty_lake.lines("sales")]
    found = {name: violation.code for name, fields in documents if (violation := contract.find_violation(fields))}
    bad = [row for row in dirty_lake.truth("sales") if row["expected"] == "quarantined"]
    assert found == {row["doc"]: row["code"] for row in bad}


@pytest.mark.parametrize("flow", LINE_FLOWS)
def test_a_duplicate_is_exactly_one_extra_row(flow: str, dirty_lake: Lake) -> None:
    counts = Counter(dirty_lake.lines(flow))
    promised = [row["key"] for row in dirty_lake.truth(flow) if row["expected"] == "duplicate"]
    twice = [orjson.loads(line)["event_id"] for line, count in counts.items() if count > 1]
    assert max(counts.values()) == 2
    assert sorted(twice) == sorted(str(key) for key in promised)


def test_a_duplicate_order_stands_under_another_document_id(dirty_lake: Lake) -> None:
    documents = dict(read_document(line) for line in dirty_lake.lines("sales"))
    for row in dirty_lake.truth("sales"):
        if row["expected"] == "duplicate":
            assert documents[str(row["doc"])] == documents[str(row["key"])]


@pytest.mark.parametrize("flow", MAINS)
def test_totals_add_up_to_the_rows_written(flow: str, dirty_lake: Lake) -> None:
    totals, marks = dirty_lake.totals(flow), Counter(row["expected"] for row in dirty_lake.truth(flow))
    assert totals["rows_in"] == len(dirty_lake.lines(flow))
    assert totals["rows_in"] == totals["rows_kept"] + totals["rows_quarantined"] + totals["rows_duplicate"]
    assert (totals["rows_quarantined"], totals["rows_duplicate"]) == (marks["quarantined"], marks["duplicate"])


@pytest.mark.parametrize("flow", LINE_FLOWS)
def test_no_file_comes_near_the_ratio_at_which_it_would_be_refused(flow: str, dirty_lake: Lake) -> None:
    bad = Counter(row["object"] for row in dirty_lake.truth(flow) if row["expected"] == "quarantined")
    for uri, lines in dirty_lake.files(flow).items():
        assert bad[uri] <= 0.04 * len(lines)


def test_clickstream_shows_every_kind_of_dirt(dirty_lake: Lake) -> None:
    kinds = line_kinds(CLICKSTREAM, LINE_KEPT, LINE_REFUSED)
    assert {row["kind"] for row in dirty_lake.truth("clickstream")} == {kind.name for kind in kinds}


@pytest.mark.parametrize("kind", document_kinds(SALES, DOCUMENT_KEPT, DOCUMENT_REFUSED), ids=lambda kind: kind.name)
@pytest.mark.parametrize("draw", [0, 1, 2, 8, 2**31 - 1])
def test_each_kind_of_dirt_of_an_order_has_the_code_it_promises(
    kind: Kind[Document], draw: int, dirty_lake: Lake
) -> None:
    spoilt = {row["doc"] for row in dirty_lake.truth("sales")}
    clean = next(d for d in map(read_document, dirty_lake.lines("sales")) if d[0] not in spoilt)
    violation = load_contract("sales").find_violation(kind.change(clean, draw)[1])
    assert (violation.code if violation else None) == kind.code


def test_clean_orders_add_up(dirty_lake: Lake) -> None:
    spoilt = {row["doc"] for row in dirty_lake.truth("sales")}
    for name, order in map(read_document, dirty_lake.lines("sales")):
        if name in spoilt:
            continue
        fields = {key: value for key, value in order.items() if isinstance(value, int)}
        paid = fields["gross_cents"] - fields["discount_cents"] + fields["tax_cents"] + fields["shipping_cents"]
        assert fields["net_cents"] == paid


def test_the_manifest_promises_the_documents_that_are_there(dirty_lake: Lake) -> None:
    ids = sorted(orjson.loads(line)["id"] for line in dirty_lake.lines("sales"))
    manifest = orjson.loads((dirty_lake.folder / "landing/sales/b1.json").read_bytes())
    checksum = hashlib.sha256("\n".join(ids).encode()).hexdigest()
    assert (manifest["count"], manifest["first_key"], manifest["last_key"]) == (len(ids), ids[0], ids[-1])
    assert manifest["checksum"] == checksum
