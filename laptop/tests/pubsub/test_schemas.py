"""Topics with a schema refuse what does not fit it, and say by which revision they took the rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.api_core import exceptions
from google.pubsub_v1.types import Encoding, Schema, SchemaView

from laptop.hosting import Hosting
from laptop.pubsub.server import start
from laptop.tests.pubsub.conftest import PROJECT, Bus

CASES = yaml.safe_load((Path(__file__).parent / "cases/schemas.yaml").read_text())


def _messages() -> Iterator[Any]:
    for name, case in CASES.items():
        for number, message in enumerate(case["messages"]):
            yield pytest.param(name, message, id=f"{name}-{number}")


def _schema(bus: Bus, name: str, kind: str = "AVRO", definition: str | None = None) -> Schema:
    case = CASES["avro"]
    schema = {"type_": Schema.Type[kind], "definition": definition or case["definition"]}
    return bus.schemas.create_schema(parent=PROJECT, schema_id=name, schema=schema)


@pytest.fixture(scope="module")
def topics(bus: Bus) -> dict[tuple[str, str], tuple[str, str]]:
    made = {}
    for kind, case in CASES.items():
        schema = _schema(bus, f"cases-{kind}", case["type"], case["definition"])
        for encoding in ("JSON", "BINARY"):
            settings = {"schema": schema.name, "encoding": Encoding[encoding]}
            made[kind, encoding] = bus.make(f"cases-{kind}-{encoding}", {"schema_settings": settings})
    return made


@pytest.mark.parametrize(("name", "message"), _messages())
def test_a_topic_takes_what_fits_its_schema_and_refuses_the_rest(bus: Bus, topics, name, message) -> None:
    data = bytes.fromhex(message["hex"]) if "hex" in message else message["text"].encode()
    topic, subscription = topics[name, message["encoding"]]
    if not message["fits"]:
        with pytest.raises(exceptions.InvalidArgument):
            bus.publish(topic, data, reason="an attribute, as a message needs one")
        return
    bus.publish(topic, data)
    (received,) = bus.pull(subscription)
    bus.subscriber.acknowledge(subscription=subscription, ack_ids=[received.ack_id])
    assert received.message.data == data
    assert received.message.attributes["googclient_schemaencoding"] == message["encoding"]


@pytest.mark.parametrize(
    ("kind", "definition"),
    [
        ("AVRO", "{"),
        ("AVRO", '{"type": "record", "name": "A"}'),
        ("PROTOCOL_BUFFER", "message {"),
        ("PROTOCOL_BUFFER", 'syntax = "proto3"; message A {} message B {}'),
        ("PROTOCOL_BUFFER", 'syntax = "proto3"; import "other.proto"; message A {}'),
        ("TYPE_UNSPECIFIED", "{}"),
    ],
)
def test_what_is_no_schema_is_refused(bus: Bus, kind: str, definition: str) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        _schema(bus, "no-schema", kind, definition)
    with pytest.raises(exceptions.NotFound):
        bus.schemas.get_schema(name=f"{PROJECT}/schemas/no-schema")


def test_a_topic_with_a_schema_that_is_not_there_is_refused(bus: Bus) -> None:
    settings = {"schema": f"{PROJECT}/schemas/missing", "encoding": Encoding.JSON}
    with pytest.raises(exceptions.NotFound):
        bus.publisher.create_topic(request={"name": f"{PROJECT}/topics/no-schema", "schema_settings": settings})


def test_a_message_is_stamped_with_the_newest_revision_that_it_fits(bus: Bus) -> None:
    first = _schema(
        bus, "revised", definition='{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}]}'
    )
    newer = Schema(
        name=first.name,
        type_=first.type_,
        definition='{"type": "record", "name": "R", "fields": [{"name": "b", "type": "int"}]}',
    )
    second = bus.schemas.commit_schema(name=first.name, schema=newer)
    settings = {"schema": first.name, "encoding": Encoding.JSON}
    topic, subscription = bus.make("revised", {"schema_settings": settings})
    bus.publish(topic, b'{"a": 1}')
    bus.publish(topic, b'{"b": 1}')
    stamped = {r.message.data: r.message.attributes["googclient_schemarevisionid"] for r in bus.pull(subscription)}
    assert stamped == {b'{"a": 1}': first.revision_id, b'{"b": 1}': second.revision_id}


def test_a_rollback_is_a_new_revision_with_the_old_definition(bus: Bus) -> None:
    first = _schema(bus, "rolled")
    other = Schema(name=first.name, type_=first.type_, definition='{"type": "string"}')
    bus.schemas.commit_schema(name=first.name, schema=other)
    rolled = bus.schemas.rollback_schema(name=first.name, revision_id=first.revision_id)
    revisions = list(bus.schemas.list_schema_revisions(request={"name": first.name, "view": SchemaView.FULL}))
    assert rolled.definition == first.definition
    assert [revision.definition for revision in revisions] == [first.definition, '{"type": "string"}', first.definition]


def test_a_schema_is_validated_without_being_kept(bus: Bus) -> None:
    schema = Schema(type_=Schema.Type.AVRO, definition=CASES["avro"]["definition"])
    bus.schemas.validate_schema(parent=PROJECT, schema=schema)
    request = {"parent": PROJECT, "schema": schema, "message": b'{"id": 3}', "encoding": Encoding.JSON}
    with pytest.raises(exceptions.InvalidArgument, match="not an Avro message"):
        bus.schemas.validate_message(request=request)


def test_a_deleted_schema_stops_its_topics(bus: Bus) -> None:
    schema = _schema(bus, "deleted")
    settings = {"schema": schema.name, "encoding": Encoding.JSON}
    topic, _ = bus.make("deleted", {"schema_settings": settings})
    bus.schemas.delete_schema(name=schema.name)
    with pytest.raises(exceptions.InvalidArgument, match="deleted"):
        bus.publish(topic, b'{"id": "a", "cents": 1, "note": null}')


def test_revisions_survive_a_restart(servers, tmp_path: Path) -> None:
    hosting = Hosting(state=tmp_path, project="demo-proj")
    service = servers.start(start, hosting)
    schema = _schema(Bus(service.address), "kept")
    servers.stop(service)
    service = servers.start(start, hosting)
    assert Bus(service.address).schemas.get_schema(name=schema.name) == schema
    servers.stop(service)
