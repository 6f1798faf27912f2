"""From samples to a flow that takes them: public data sets in every format, and what a person is to look at."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import vega_datasets

from cli.flows.checking import check_file
from cli.flows.inferring import infer_flow
from cli.flows.sampling import Sample, read_sample
from cli.flows.typing import type_values
from ripple.errors import PermanentError
from ripple.flows import Flow
from ripple.flows.reading import read_flow
from ripple.rows.contracts import read_contract

DATA = Path(vega_datasets.__file__).parent / "_data"
FILES = sorted(path for path in DATA.iterdir() if path.suffix in (".csv", ".json"))
TODAY = dt.date(2026, 6, 1)


def infer(*paths: Path) -> tuple[Flow, str]:
    text = infer_flow("mine", [read_sample(path) for path in paths], TODAY)
    return read_flow(text, "mine"), text


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_flow_made_of_a_public_data_set_takes_all_of_it(path: Path) -> None:
    flow, _ = infer(path)
    found = check_file(path, read_contract(flow.contract, "mine"))
    assert (found["quarantined"], found["drift"]) == (0, {}), found


WRITERS: dict[str, Callable[[pl.DataFrame, Path], Any]] = {
    "csv": lambda frame, path: frame.write_csv(path),
    "tsv": lambda frame, path: frame.write_csv(path, separator="\t"),
    "jsonl": lambda frame, path: frame.write_ndjson(path),
    "json": lambda frame, path: frame.write_json(path),
    "parquet": lambda frame, path: frame.write_parquet(path),
    "avro": lambda frame, path: frame.write_avro(path),
}


@pytest.mark.parametrize("format", WRITERS)
def test_the_same_rows_make_the_same_flow_in_every_format(format: str, tmp_path: Path) -> None:
    rows = [{"Order ID": f"o-{at}", "amount": at / 4, "count": at, "Day": "2026-01-02"} for at in range(50)]
    path = tmp_path / f"x.{format}"
    frame = pl.DataFrame(rows)
    WRITERS[format](frame.rename({"Order ID": "order_id"}) if format == "avro" else frame, path)
    flow, _ = infer(path)
    assert flow.contract["format"] == format
    assert [flow.rule_of(name)["kind"] for name in flow.texts] == ["string", "float", "integer", "date"]
    assert (flow.key, flow.day) == (("order_id",), "Day")
    assert check_file(path, read_contract(flow.contract, "mine"))["accepted"] == 50


CASES: Sequence[tuple[str, list[Any], bool, str]] = [
    ("n", ["1", "2", "-3"], True, "integer"),
    ("zip", ["01234", "99999"], True, "string"),
    ("n", ["1", "2.5", "1e3"], True, "number"),
    ("b", ["true", "False"], True, "boolean"),
    ("n", [1, 2.5], False, "number"),
    ("b", [True, False], False, "boolean"),
    ("b", [True, 1], False, "object"),
    ("d", ["2026-01-02", "2026-02-30"], False, "string"),
    ("d", ["2026-01-02", "2026-02-03"], False, "date"),
    ("t", ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05+02:00"], False, "timestamp"),
    ("t", ["2026-01-02 03:04:05"], True, "timestamp"),
    ("t", ["02.01.2026", "31.12.2026"], True, "timestamp"),
    ("t", ["01/02/2026 10:00", "03/04/2026 10:00"], False, "string"),
    ("t", ["13/02/2026 10:00", "03/04/2026 10:00"], False, "timestamp"),
    ("created_at", [1767323045, 1767323046], False, "timestamp"),
    ("amount", [1767323045, 1767323046], False, "integer"),
    ("x", [b"a"], False, "string"),
    ("x", [2**63], False, "object"),
    ("x", [], False, "string"),
    ("x", [{"a": 1}, {"a": None, "b": "x"}], False, "object"),
    ("x", [[1, 2], []], False, "array"),
    ("x", [[1, None]], False, "object"),
    ("x", [[[1]]], False, "object"),
    ("x", [[{"a": 1}], [{"b": 2}]], False, "array"),
]


@pytest.mark.parametrize(("name", "values", "is_text", "wanted"), CASES)
def test_a_type_is_what_all_values_are(name: str, values: list[Any], is_text: bool, wanted: str) -> None:
    assert type_values(name, values, is_text=is_text).words["logicalType"] == wanted


def sample(rows: list[dict[str, Any]]) -> Sample:
    return Sample(rows=rows, format="jsonl")


def test_what_may_be_personal_is_said_with_its_reason() -> None:
    rows = [{"id": f"u-{at}", "contact": f"u{at}@example.org", "first_name": "x", "n": at} for at in range(30)]
    text = infer_flow("mine", [sample(rows)], TODAY)
    assert text.count("personal data?") == 2
    assert "its values look like e-mail addresses" in text


def test_rows_with_versions_are_upserted_by_them() -> None:
    rows = [{"id": f"o-{at % 20}", "updated_at": f"2026-01-{1 + at // 2:02}T00:00:00Z"} for at in range(40)]
    flow = read_flow(infer_flow("mine", [sample(rows)], TODAY), "mine")
    assert (flow.key, flow.change, flow.version) == (("id",), "upsert", "updated_at")


def test_a_table_that_another_flow_has_is_not_taken() -> None:
    text = infer_flow("orders", [sample([{"id": "a"}])], TODAY, {"orders"})
    assert read_flow(text, "orders").silver == "orders_rows"


def test_two_fields_may_be_the_key_together() -> None:
    rows = [{"order_id": f"o-{at // 3}", "line": at % 3, "x": 1.5} for at in range(60)]
    flow = read_flow(infer_flow("mine", [sample(rows)], TODAY), "mine")
    assert (flow.key, flow.key_column) == (("order_id", "line"), "row_key")


def test_names_that_no_column_may_have_are_kept_as_the_sources() -> None:
    rows = [{"Order ID": "a", "batch": 1, "2nd": 2, "Größe": 3, "größe": 4} for _ in range(3)]
    flow = read_flow(infer_flow("mine", [sample(rows)], TODAY), "mine")
    assert list(flow.contract["fields"]) == ["Order ID", "batch", "2nd", "Größe", "größe"]
    assert len(set(flow.texts)) == 5


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.xml", "<a/>", "ends in none of"),
        ("x.jsonl", "[1]", "a row is a JSON object"),
        ("x.parquet", "no", "is not read as parquet"),
        ("x.csv.gz", "no", "is not read as csv"),
    ],
)
def test_a_sample_that_cannot_be_read_is_named(name: str, content: str, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(PermanentError, match=said):
        read_sample(tmp_path / name)


def test_a_check_says_which_rows_are_refused_and_why(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_text("\n".join(json.dumps({"id": f"a-{at}", "n": at}) for at in range(30)))
    bad.write_text('{"id": "b", "n": 1.5}\n{"id": "c", "n": 2, "more": 1}\n{"n": 3}')
    flow, _ = infer(good)
    found = check_file(bad, read_contract(flow.contract, "mine"))
    assert (found["rows"], found["accepted"], found["codes"]) == (3, 1, {"wrong_type": 1, "missing_field": 1})
    assert list(found["drift"]) == ["widened_type n (number)", "new_field more (integer)"]
