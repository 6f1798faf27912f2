"""Whatever died is listed in one place, whoever gave it up, and looking takes nothing away."""

from __future__ import annotations

import time
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration

from cli.provisioning.clients import AdminClients
from ripple.deployment.settings import read_settings
from ripple.gateways.edge import Edge
from ripple.replaying.commands import read_request
from ripple.replaying.gathering import make_plan
from ripple.state.redrives import REDRIVES
from tests.cli.conftest import Laptop
from tests.ripple.state.golden import a_record

POISON = b"\xff\xfe not UTF-8 \x1b[2J"


def refuse(clients: AdminClients) -> str:
    """As a function's shell refuses an event that can never work."""
    attributes = {
        "ce-type": "elt.run.failed.v1",
        "ce-id": "x-1",
        "ripple-stage": "start_elt",
        "ripple-code": "event_malformed",
        "ripple-reason": "event_malformed: \x1b[2J is no JSON",
    }
    topic = f"projects/{clients.project}/topics/ripple-dead-letters"
    return str(clients.publisher.publish(topic, POISON, **attributes).result(30))


def let_it_give_up(clients: AdminClients) -> None:
    """A tick that a push subscription delivers to nobody, five times."""
    parent = f"projects/{clients.project}"
    clients.subscriber.create_subscription(
        request={
            "name": f"{parent}/subscriptions/sweep--ripple-ticks-sweep",
            "topic": f"{parent}/topics/ripple-ticks",
            "push_config": {"push_endpoint": "http://127.0.0.1:9/"},
            "retry_policy": {"minimum_backoff": Duration(), "maximum_backoff": Duration(seconds=1)},
            "dead_letter_policy": {
                "dead_letter_topic": f"{parent}/topics/ripple-dead-letters",
                "max_delivery_attempts": 5,
            },
        }
    )
    clients.publisher.publish(f"{parent}/topics/ripple-ticks", b"{}", kind="sweep").result(30)


@pytest.fixture(scope="module")
def letters(laptop: Laptop) -> dict[str, Any]:
    """By stage, as soon as both are there."""
    refuse(laptop.clients)
    let_it_give_up(laptop.clients)
    until = time.monotonic() + 60
    while len(found := laptop.ripple("dead-letters")["dead_letters"]) < 2:
        assert time.monotonic() < until, found
        time.sleep(0.2)
    return {letter["stage"]: letter for letter in found}


def test_what_a_function_refused_has_its_code_and_reason(letters: dict[str, Any]) -> None:
    letter = letters["start_elt"]
    assert (letter["code"], letter["event"], letter["event_id"]) == ("event_malformed", "elt.run.failed.v1", "x-1")
    assert (letter["attempts"], letter["can_be_sent_back"]) == (1, False)


def test_what_pubsub_gave_up_has_its_stage_and_its_deliveries(letters: dict[str, Any]) -> None:
    letter = letters["sweep"]
    assert (letter["code"], letter["event"]) == ("gave_up", "command sweep on ripple-ticks")
    assert (letter["attempts"], letter["way_back"]) == (5, "ripple-ticks")
    assert "did not take it in 5 deliveries" in letter["reason"]


def test_looking_takes_nothing_away(laptop: Laptop, letters: dict[str, Any]) -> None:
    for _ in range(2):
        assert {one["id"] for one in laptop.ripple("dead-letters")["dead_letters"]} == {
            letter["id"] for letter in letters.values()
        }


def test_a_letter_is_kept_byte_by_byte_and_shown_without_steering_the_terminal(
    laptop: Laptop, letters: dict[str, Any]
) -> None:
    poison = letters["start_elt"]["id"]
    edge = Edge(read_settings(laptop.clients.environ))
    assert [letter.body for letter in edge.dead_letters.read([poison])] == [POISON]
    assert "\x1b" not in laptop.say("dead-letters", "show", poison) + laptop.say("dead-letters")
    assert laptop.ripple("dead-letters", "show", poison)["next_step"]


def test_a_letter_that_is_not_there_is_refused(laptop: Laptop) -> None:
    assert "dead_letter_unknown" in laptop.ripple("dead-letters", "show", "0", code=1)
    assert "dead_letter_unknown" in laptop.ripple("replay", "--dead-letter", "0", "--dry-run", code=1)


def test_a_dry_run_says_which_can_go_back(laptop: Laptop, letters: dict[str, Any]) -> None:
    planned = laptop.ripple("replay", "--dead-letter", "--all", "--dry-run")
    assert (planned["dry_run"], planned["targets"]) == (True, [letters["sweep"]["id"]])
    edge = Edge(read_settings(laptop.clients.environ))
    plan = make_plan(read_request({"kind": "dead-letter", "all": True}, edge.settings), edge)
    assert planned["words"] == list(plan.words())


def test_what_went_back_is_listed_only_with_all(laptop: Laptop, letters: dict[str, Any]) -> None:
    edge = Edge(read_settings(laptop.clients.environ))
    gone = letters["sweep"]["id"]
    REDRIVES.create(edge.documents, gone, a_record("redrives", replay="replay-1"))
    try:
        assert [one["stage"] for one in laptop.ripple("dead-letters")["dead_letters"]] == ["start_elt"]
        everything = laptop.ripple("dead-letters", "--all")["dead_letters"]
        assert {one["id"]: one["sent_back_by"] for one in everything}[gone] == "replay-1"
    finally:
        REDRIVES.delete(edge.documents, gone)


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--dead-letter",),
        ("--all",),
        ("--dead-letter", "1", "--all"),
        ("1",),
        ("--batch", "1", "--training", "1"),
        ("--flow", "sales"),
        ("--from", "2026-01-01", "--to", "2026-02-01"),
    ],
)
def test_a_command_line_that_is_wrong_is_exit_code_2(laptop: Laptop, words: tuple[str, ...]) -> None:
    assert laptop.ripple("replay", *words, code=2)


def test_without_a_laptop_it_is_exit_code_3(laptop: Laptop, tmp_path: Any) -> None:
    elsewhere = Laptop(tmp_path, laptop.clients)
    for words in (("dead-letters",), ("quarantine",), ("replay", "--batch", "1")):
        assert "ripple up" in elsewhere.ripple(*words, code=3)
