"""Delivery as users of google-cloud-pubsub see it, against the laptop's server."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from google.api_core import exceptions
from google.protobuf.duration_pb2 import Duration

from laptop.pubsub.filters import FilterError, compile_filter
from laptop.pubsub.server import start
from laptop.tests.pubsub.conftest import Bus


@pytest.fixture
def endpoint() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]], list[int]]]:
    """`(url, requests, codes)`: an endpoint that records, and answers `codes` in turn, then 204."""
    seen: list[tuple[dict[str, str], bytes]] = []
    codes: list[int] = []

    class Recorder(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            seen.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(codes.pop(0) if codes else 204)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", seen, codes
    server.shutdown()


def _until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    limit = time.monotonic() + seconds
    while not condition() and time.monotonic() < limit:
        time.sleep(0.01)
    return condition()


def test_only_matching_messages_reach_a_filtered_subscription(bus: Bus) -> None:
    topic, subscription = bus.make("filtered", filter='attributes.ce-type = "a.b.v1"')
    bus.publish(topic, **{"ce-type": "other"})
    wanted = bus.publish(topic, **{"ce-type": "a.b.v1"})
    assert [received.message.message_id for received in bus.pull(subscription)] == [wanted]


def test_a_filter_that_is_not_of_the_language_is_refused(bus: Bus) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        bus.make("badly-filtered", filter="attributes.x ~ 1")


def test_an_unwrapped_push_is_a_cloud_event(bus: Bus, endpoint) -> None:
    url, seen, _ = endpoint
    topic, _ = bus.make("unwrapped", push_config={"push_endpoint": url, "no_wrapper": {"write_metadata": True}})
    bus.publish(topic, b'{"a":1}', **{"ce-type": "t", "ce-id": "i", "content-type": "application/json"})
    assert _until(lambda: len(seen) == 1)
    headers, body = seen[0]
    assert (headers["ce-type"], headers["ce-id"], headers["content-type"]) == ("t", "i", "application/json")
    assert body == b'{"a":1}'


def test_a_refused_push_comes_again_and_is_dead_lettered_in_the_end(bus: Bus, endpoint) -> None:
    url, seen, codes = endpoint
    codes.extend([500] * 5)
    graveyard, graves = bus.make("graveyard")
    policy = {"dead_letter_topic": graveyard, "max_delivery_attempts": 5}
    backoff = {"minimum_backoff": Duration(seconds=0), "maximum_backoff": Duration(nanos=100_000_000)}
    topic, _ = bus.make("poison", push_config={"push_endpoint": url}, dead_letter_policy=policy, retry_policy=backoff)
    bus.publish(topic, b"bad", kind="k")
    assert _until(lambda: len(seen) == 5)
    dead = bus.pull(graves)[0].message
    assert dead.data == b"bad"
    assert dead.attributes["CloudPubSubDeadLetterSourceDeliveryCount"] == "5"
    assert json.loads(seen[-1][1])["deliveryAttempt"] == 5


def test_an_expired_lease_comes_back_with_another_ack_id(bus: Bus) -> None:
    topic, subscription = bus.make("leased", ack_deadline_seconds=10)
    bus.publish(topic)
    first = bus.pull(subscription)[0]
    bus.subscriber.modify_ack_deadline(subscription=subscription, ack_ids=[first.ack_id], ack_deadline_seconds=1)
    second = bus.pull(subscription) or bus.pull(subscription)
    assert second[0].ack_id != first.ack_id


def test_a_nack_in_an_ordered_subscription_delivers_the_key_again_in_order(bus: Bus) -> None:
    topic, subscription = bus.make("ordered", enable_message_ordering=True)
    for number in range(3):
        bus.publisher.publish(topic=topic, messages=[{"data": str(number).encode(), "ordering_key": "k"}])
    leased = bus.pull(subscription)
    bus.subscriber.modify_ack_deadline(subscription=subscription, ack_ids=[leased[0].ack_id], ack_deadline_seconds=0)
    assert [received.message.data for received in bus.pull(subscription)] == [b"0", b"1", b"2"]


def test_published_messages_and_acks_survive_a_restart(servers, tmp_path: Path) -> None:
    from laptop.hosting import Hosting

    hosting = Hosting(state=tmp_path, project="demo-proj")
    service = servers.start(start, hosting)
    bus = Bus(service.address)
    topic, subscription = bus.make("kept")
    bus.publish(topic, b"acked")
    bus.publish(topic, b"waiting")
    leased = {received.message.data: received.ack_id for received in bus.pull(subscription)}
    bus.subscriber.acknowledge(subscription=subscription, ack_ids=[leased[b"acked"]])
    servers.stop(service)
    service = servers.start(start, hosting)
    assert [received.message.data for received in Bus(service.address).pull(subscription)] == [b"waiting"]
    servers.stop(service)


@pytest.mark.parametrize(
    ("text", "attributes", "matches"),
    [
        ('attributes.a = "1"', {"a": "1"}, True),
        ('attributes.a != "1"', {}, False),
        ("attributes:a", {"a": ""}, True),
        ("NOT attributes:a", {}, True),
        ('hasPrefix(attributes.a, "x") AND attributes.b = "2"', {"a": "xy", "b": "2"}, True),
        ('(attributes.a = "1" OR attributes.a = "2") AND attributes:b', {"a": "2"}, False),
        (r'attributes.a = "say \"hi\""', {"a": 'say "hi"'}, True),
    ],
)
def test_filters_read_as_documented(text: str, attributes: dict[str, str], matches: bool) -> None:
    assert compile_filter(text)(attributes) is matches


@pytest.mark.parametrize(
    "text", ['a = "1"', "attributes.a = 1", 'attributes.a = "1" AND attributes:b OR attributes:c', "("]
)
def test_other_text_is_no_filter(text: str) -> None:
    with pytest.raises(FilterError):
        compile_filter(text)


def test_a_full_stream_goes_on_when_messages_are_acknowledged_by_a_call(bus: Bus) -> None:
    topic, subscription = bus.make("streamed")
    sent = {bus.publish(topic, f"{number}".encode()) for number in range(40)}
    first = {"subscription": subscription, "stream_ack_deadline_seconds": 60, "max_outstanding_messages": 5}
    done = threading.Event()

    def requests() -> Iterator[dict[str, object]]:
        yield first
        done.wait(20)

    received: list[str] = []
    for answer in bus.subscriber.streaming_pull(requests=requests(), timeout=20):
        received += [found.message.message_id for found in answer.received_messages]
        if answer.received_messages:
            ids = [found.ack_id for found in answer.received_messages]
            assert len(ids) <= 5
            bus.subscriber.acknowledge(subscription=subscription, ack_ids=ids)
        if len(received) == 40:
            break
    done.set()
    assert sorted(received) == sorted(sent)
