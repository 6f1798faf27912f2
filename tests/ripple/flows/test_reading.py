"""A flow file says what it says, or each of its faults is named with its place."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft201909Validator
from open_data_contract_standard.model import OpenDataContractStandard

from cli.flows.writing import write_yaml
from ripple.errors import PermanentError
from ripple.flows import FlowFolder, list_flows
from ripple.flows.faults import FlowInvalidError
from ripple.flows.reading import read_flow
from ripple.flows.strict_yaml import read_yaml

FLOWS = Path(__file__).parents[3] / "flows"
GOOD: dict[str, Any] = {
    "kind": "DataContract",
    "apiVersion": "v3.2.0",
    "id": "refunds",
    "name": "refunds",
    "version": "1.0.0",
    "schema": [
        {
            "name": "refunds",
            "properties": [
                {"name": "event_id", "logicalType": "string", "required": True, "primaryKey": True},
                {"name": "occurred_at", "logicalType": "timestamp", "required": True},
                {"name": "amount_cents", "physicalName": "Amount (cents)", "logicalType": "integer"},
                {"name": "tags", "logicalType": "array", "items": {"logicalType": "string"}},
            ],
        }
    ],
}
CASES = yaml.safe_load(Path(__file__).with_name("cases.yaml").read_text())


def changed(changes: dict[str, Any]) -> dict[str, Any]:
    document = copy.deepcopy(GOOD)
    for path, value in changes.items():
        *places, last = path.split(".")
        owner: Any = document
        for place in places:
            owner = owner[int(place)] if isinstance(owner, list) else owner[place]
        owner.pop(last, None) if value is None else owner.update({last: value})
    return document


@pytest.mark.parametrize(("changes", "said"), CASES)
def test_a_fault_is_named_with_its_place(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(FlowInvalidError) as refused:
        read_flow(write_yaml(changed(changes)), "refunds")
    assert any(said in fault for fault in refused.value.faults), refused.value.faults


def test_a_good_file_says_all_that_is_derived_from_it() -> None:
    flow = read_flow(write_yaml(GOOD), "refunds")
    assert (flow.key_column, flow.day, flow.change, flow.time) == ("event_id", "arrived_date", "append", None)
    assert flow.columns == {"Amount (cents)": "amount_cents"}
    assert list(flow.contract["fields"]) == ["event_id", "occurred_at", "Amount (cents)", "tags"]
    assert flow.contract["fields"]["Amount (cents)"] == {
        "kind": "integer",
        "min": -(2**63),
        "max": 2**63 - 1,
        "nullable": True,
    }
    assert flow.tables == (
        "silver.refunds",
        "silver.refunds_versions",
        "silver.refunds_rejected",
        "ops.refunds_objects",
    )


@pytest.mark.parametrize("flow", list_flows())
def test_a_shipped_flow_is_a_document_of_the_standard(flow: str) -> None:
    text = (FLOWS / f"{flow}.yaml").read_text()
    Draft201909Validator(yaml.safe_load(OpenDataContractStandard.json_schema())).validate(read_yaml(text))
    OpenDataContractStandard.from_string(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: NO\nb: 010\nc: 1_000\nd: 2026-01-02\ne: yes", ["NO", "010", "1_000", "2026-01-02", "yes"]),
        ("a: -3\nb: 1.5\nc: 1e3\nd: true\ne: ~", [-3, 1.5, 1000.0, True, None]),
    ],
)
def test_a_text_stays_a_text(text: str, found: list[Any]) -> None:
    assert read_yaml(text) == dict(zip("abcde", found, strict=True))


@pytest.mark.parametrize(
    ("text", "said"),
    [("a: 1\na: 2", "line 2: the key a stands there twice"), ("a: [", "line 2"), ("1: 2", "is no text")],
)
def test_what_is_no_yaml_is_named_with_its_line(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_yaml(text)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.text(max_size=12)
    | st.floats(allow_nan=False, allow_infinity=False)
)
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)


@given(st.dictionaries(st.text(max_size=8), DOCUMENTS, max_size=4))
def test_what_is_written_reads_back(document: dict[str, Any]) -> None:
    assert read_yaml(write_yaml(document)) == document


@given(
    st.recursive(
        SCALARS,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(["name", "schema", "properties", "value"]), inner)
        ),
    )
)
def test_whatever_stands_in_a_file_it_is_read_or_refused(document: Any) -> None:
    with pytest.raises(FlowInvalidError):
        read_flow(write_yaml({"schema": document}), "refunds")


def test_a_file_that_declares_nothing_harms_no_other(tmp_path: Path) -> None:
    folder = FlowFolder(tmp_path)
    assert folder.names() == ()
    (tmp_path / "refunds.yaml").write_text(write_yaml(GOOD))
    (tmp_path / "broken.yaml").write_text("kind: [")
    (tmp_path / "Notes.yaml").write_text("no name of a flow")
    assert folder.names() == ("broken", "refunds")
    assert [flow.name for flow in folder.read_all()] == ["refunds"]
    assert len(folder.check()) == 1
    with pytest.raises(PermanentError, match=r"flow_invalid: flows/broken\.yaml"):
        folder.find("broken")
    with pytest.raises(PermanentError, match="flow_unknown"):
        folder.contract("parcels")


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    folder = FlowFolder(tmp_path)
    (tmp_path / "refunds.yaml").write_text(write_yaml(GOOD))
    before = folder.contract("refunds")
    assert folder.contract("refunds") is before
    (tmp_path / "refunds.yaml").write_text(
        write_yaml(changed({"customProperties": [{"property": "newFields", "value": "refuse"}]}))
    )
    assert folder.contract("refunds").evolution["new_field"] == "quarantine"
