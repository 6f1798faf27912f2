"""Every fact has a golden example, goes over the wire unchanged, and names all that is wrong at once."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from ripple.errors import PermanentError
from ripple.handling.shell import decode
from ripple.state.outbox import OUTBOX, pack_envelope
from ripple.wire.events import CATALOGUE, Envelope, decode_fact

EXAMPLES = {
    path.stem: json.loads(path.read_text()) for path in sorted((Path(__file__).parent / "events").glob("*.json"))
}
TIME = dt.datetime(2026, 3, 1, 13, tzinfo=dt.timezone(dt.timedelta(hours=1)))


def envelope_of(name: str) -> Envelope:
    fact = decode_fact(name, EXAMPLES[name]["data"])
    return Envelope(fact=fact, source="//ripple/functions/x", time=TIME, correlation_id="c", causation_id="p")


def test_every_fact_of_the_catalogue_has_a_golden_example() -> None:
    assert set(EXAMPLES) == set(CATALOGUE)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_the_whole_payload(name: str) -> None:
    example = EXAMPLES[name]["data"]
    assert json.loads(envelope_of(name).body()) == example
    assert set(example) == {field.name for field in dataclasses.fields(CATALOGUE[name])}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_envelope_is_what_the_example_says(name: str) -> None:
    attributes = envelope_of(name).attributes()
    assert {"id": attributes["ce-id"], "subject": attributes["ce-subject"]} == {
        key: EXAMPLES[name][key] for key in ("id", "subject")
    }
    assert attributes["ce-time"] == "2026-03-01T12:00:00Z"
    assert attributes["ce-id"].startswith(f"{name}/")


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_fact_goes_over_the_wire_unchanged(name: str) -> None:
    sent = envelope_of(name)
    payload, cause = decode(sent.attributes(), sent.body())
    assert payload == sent.fact
    assert (cause.event_id, cause.correlation_id, cause.replay_of) == (sent.fact.id, "c", None)


def test_what_a_fact_repeats_goes_over_the_wire() -> None:
    sent = dataclasses.replace(envelope_of("elt.run.started.v1"), replay_of="the first line")
    _, cause = decode(sent.attributes(), sent.body())
    assert cause.replay_of == "the first line"


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_fact_survives_without_its_optional_fields(name: str) -> None:
    optional = {field.name for field in dataclasses.fields(CATALOGUE[name]) if field.default is None}
    required = {key: value for key, value in EXAMPLES[name]["data"].items() if key not in optional}
    assert decode_fact(name, required).data().keys() == required.keys()


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_unknown_field_is_ignored(name: str) -> None:
    assert decode_fact(name, EXAMPLES[name]["data"] | {"added_later": 1}) == envelope_of(name).fact


@pytest.mark.parametrize("name", EXAMPLES)
def test_all_wrong_fields_are_named_together(name: str) -> None:
    fields = [field.name for field in dataclasses.fields(CATALOGUE[name])]
    with pytest.raises(PermanentError) as caught:
        decode_fact(name, {field: object() for field in fields})
    assert list(caught.value.fields) == fields


@pytest.mark.parametrize("name", EXAMPLES)
def test_missing_fields_are_named_together(name: str) -> None:
    with pytest.raises(PermanentError) as caught:
        decode_fact(name, {})
    assert list(caught.value.fields) == [
        field.name for field in dataclasses.fields(CATALOGUE[name]) if field.default is not None
    ]


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("data", [None, [], "x", 7])
def test_a_payload_that_is_no_object_is_refused(name: str, data: Any) -> None:
    with pytest.raises(PermanentError, match="not a JSON object"):
        decode_fact(name, data)


def test_a_boolean_is_no_integer() -> None:
    with pytest.raises(PermanentError, match=r"wrong or missing: files$"):
        decode_fact("elt.run.started.v1", EXAMPLES["elt.run.started.v1"]["data"] | {"files": True})


def test_a_type_that_is_not_in_the_catalogue_is_refused() -> None:
    with pytest.raises(PermanentError, match="event_unknown"):
        decode_fact("sales.refunded.v1", {})


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_fact_comes_back_from_the_outbox_as_it_went_in(name: str) -> None:
    sent = envelope_of(name)
    document = OUTBOX.write(pack_envelope(sent, TIME))
    assert OUTBOX.read("outbox/x", document).envelope() == sent


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("sales.export.finished.v1", "objects", ["gs://b/x", 3]),
        ("elt.run.failed.v1", "failed_actions", [{"action": "a", "message": None}]),
        ("elt.run.started.v1", "flows", "sales"),
    ],
)
def test_what_a_list_holds_is_checked_too(name: str, field: str, value: object) -> None:
    with pytest.raises(PermanentError, match=field):
        decode_fact(name, EXAMPLES[name]["data"] | {field: value})
