"""An object says by its metadata that it is all that its flow had at a time; one that cannot be meant so is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from functions.land_object.wholes import WHOLE_KEY, read_whole
from ripple.errors import PermanentError
from ripple.flows import load_contract
from ripple.wire.events import BronzeObjectRejected
from tests.functions.fakes import FakeEdge
from tests.functions.test_land_object import GOOD, land, put


@pytest.mark.parametrize(
    ("said", "most", "why"),
    [
        ("2020-01-01T00:00:00Z", None, "has no max_deleted"),
        ("2999-01-01T00:00:00Z", 0.2, "is later than"),
        ("yesterday", 0.2, "is no RFC 3339 time"),
    ],
)
def test_an_object_that_cannot_be_all_that_its_flow_had_is_refused(said: str, most: float | None, why: str) -> None:
    edge = FakeEdge()
    stored = put(edge, GOOD, **{WHOLE_KEY: said})
    with pytest.raises(PermanentError, match=why) as refused:
        read_whole(stored, replace(load_contract("clickstream"), max_deleted=most))
    assert refused.value.code == "whole_malformed"


def test_a_time_that_is_past_is_read_in_utc() -> None:
    stored = put(FakeEdge(), GOOD, **{WHOLE_KEY: "2020-01-01T01:00:00+01:00"})
    contract = replace(load_contract("clickstream"), max_deleted=0.2)
    assert read_whole(stored, contract) == "2020-01-01T00:00:00Z"


def test_a_flow_without_such_deliveries_refuses_one_as_a_whole() -> None:
    _, fact = land(GOOD, **{WHOLE_KEY: "2020-01-01T00:00:00Z"})
    assert isinstance(fact, BronzeObjectRejected)
    assert fact.code == "whole_malformed"
