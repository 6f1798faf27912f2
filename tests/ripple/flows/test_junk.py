"""Whatever a flow file has in some place of it: it is a flow that can be used, or it is refused with its faults."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cli.flows.writing import write_yaml
from ripple.flows import list_flows
from ripple.flows.dataform_module import write_declared
from ripple.flows.faults import FlowInvalidError
from ripple.flows.reading import read_flow
from ripple.flows.strict_yaml import read_yaml
from ripple.rows.contracts import read_contract

FLOWS = Path(__file__).parents[3] / "flows"
DOCUMENTS: dict[str, Any] = {name: read_yaml((FLOWS / f"{name}.yaml").read_text()) for name in list_flows()}
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**19), 10**19),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=3),
    st.sampled_from([[], [1], ["a"], {}, {"a": 1}, [[1]], [{"a": 1}], {"property": "x", "value": 1}]),
)


def find_places(held: Any) -> Iterator[tuple[Any, Any]]:
    """Every mapping or list with each key or position of it."""
    entries = held.items() if isinstance(held, dict) else enumerate(held) if isinstance(held, list) else ()
    for key, value in entries:
        yield held, key
        yield from find_places(value)


@settings(max_examples=400)
@given(st.sampled_from(sorted(DOCUMENTS)), st.data())
def test_a_file_with_junk_in_it_is_a_flow_or_is_refused(name: str, data: st.DataObject) -> None:
    document = copy.deepcopy(DOCUMENTS[name])
    owner, key = data.draw(st.sampled_from(list(find_places(document))), label="place")
    owner[key] = data.draw(JUNK, label="junk")
    try:
        flow = read_flow(write_yaml(document), name)
    except FlowInvalidError:
        return
    read_contract(flow.contract, name)
    assert flow.silver in write_declared([flow], [])
