"""A dead letter says which event died where, why and how often, and knows its way back."""

from __future__ import annotations

import base64
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ripple.deployment.routes import FINALIZED, STAGES
from ripple.errors import PermanentError
from ripple.handling.shell import Command, decode
from ripple.replaying.redriving import plan_dead_letters
from ripple.wire.dead_letters import HISTORY, DeadLetter, read_dead_letter, with_history
from ripple.wire.events import CATALOGUE
from tests.ripple.state.golden import a_record

CASES = yaml.safe_load((Path(__file__).parent / "dead_letters.yaml").read_text())
DIED = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def read(case: dict[str, Any]) -> DeadLetter:
    push = {"message": case.get("push")}
    body = case["raw"] if "raw" in case else json.dumps(push if "push" in case else case["body"])
    return read_dead_letter("5", DIED, body.encode(), case["attributes"])


@pytest.fixture(params=CASES, ids=lambda case: case["name"])
def case(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.param
    return found


def test_a_dead_letter_says_what_died_where_and_why(case: dict[str, Any]) -> None:
    letter = read(case)
    for name in ("stage", "code", "reason", "event", "attempts"):
        assert getattr(letter, name) == case[name], name
    assert {name: value for name, value in vars_of(letter).items() if value} == case["way"]


def vars_of(letter: DeadLetter) -> dict[str, str]:
    return {"topic": letter.way.topic, "uri": letter.way.uri, "refusal": letter.way.refusal}


def test_it_goes_back_with_its_history(case: dict[str, Any]) -> None:
    if "sent" in case:
        assert with_history(read(case), "r-1") == case["sent"]


def test_a_command_that_comes_back_is_the_one_it_was() -> None:
    letter = read(next(case for case in CASES if "push" in case))
    message = {
        "messageId": "99",
        "publishTime": "2026-03-02T00:00:00Z",
        "attributes": with_history(letter, "r-1"),
        "data": base64.b64encode(letter.way.data).decode(),
    }
    command, cause = decode({}, json.dumps({"message": message}).encode())
    assert isinstance(command, Command)
    assert (cause.event_id, command.published_at) == ("77", dt.datetime(2026, 2, 27, 3, tzinfo=dt.UTC))


def letters() -> list[DeadLetter]:
    fact, *_, unreadable = CASES
    return [
        read_dead_letter("1", DIED, json.dumps(fact["body"]).encode(), fact["attributes"]),
        read_dead_letter("2", DIED, unreadable["raw"].encode(), unreadable["attributes"]),
        read_dead_letter("3", DIED, json.dumps(fact["body"]).encode(), fact["attributes"]),
    ]


def test_all_means_those_that_can_go_and_have_not_gone() -> None:
    plan = plan_dead_letters((), letters(), {"3": a_record("redrives", replay="r-0")})
    assert plan.targets == ("1",)
    assert plan.words() == (
        "replay of 1 dead letter",
        "fires replay.run.started.v1 of this replay",
        "fires elt.run.failed.v1 of elt.run.failed.v1/7/2, sent back to ripple-events; "
        "died after 1 delivery at start_elt: event_malformed",
        "writes no table",
        "dead letter 2 cannot be sent back: it is no event that any stage receives",
    )


def test_one_that_went_back_before_does_not_go_again() -> None:
    plan = plan_dead_letters(("3",), letters(), {"3": a_record("redrives", replay="r-0")})
    assert (plan.targets, plan.notes) == ((), ("dead letter 3 was sent back by r-0",))


def test_one_that_never_was_is_refused() -> None:
    with pytest.raises(PermanentError, match=r"dead_letter_unknown.*8, 9"):
        plan_dead_letters(("1", "8", "9"), letters(), {})


NAMES = st.sampled_from(
    ["ce-type", "ce-id", "ripple-stage", "ripple-code", *HISTORY, "kind", "CloudPubSubDeadLetterSourceSubscription"]
)
VALUES = st.one_of(st.text(max_size=20), st.sampled_from([FINALIZED, *CATALOGUE, *STAGES, "sweep--ripple-ticks-sweep"]))
BODIES = st.one_of(
    st.binary(max_size=50),
    st.recursive(st.none() | st.booleans() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)).map(
        lambda value: json.dumps({"message": value}).encode()
    ),
    st.dictionaries(st.sampled_from(["messageId", "publishTime", "data", "attributes"]), st.text(max_size=5)).map(
        lambda message: json.dumps({"message": message}).encode()
    ),
)


@given(body=BODIES, attributes=st.dictionaries(NAMES, VALUES))
def test_any_message_can_be_read_and_either_goes_back_or_says_why_not(body: bytes, attributes: dict[str, str]) -> None:
    letter = read_dead_letter("1", DIED, body, attributes)
    assert sum(map(bool, vars_of(letter).values())) == 1
    assert letter.attempts >= 1
    json.dumps(letter.describe(), default=str)
