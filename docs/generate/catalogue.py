"""`docs/events.md`: every event, who states it, who receives it, what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from docs.generate.schemas import describe_fact, name_type
from ripple.deployment.routes import STAGES, STATED_ELSEWHERE, FactTrigger
from ripple.wire.events import CATALOGUE, Fact

_HEAD = """# Events

Every stage states a fact when it is done, on the topic `ripple-events`, as a CloudEvent in Pub/Sub's binary mode: the attributes
`ce-id`, `ce-type`, `ce-source`, `ce-subject`, `ce-time` (when it was decided), `ce-correlationid` (what began it all)
and `ce-causationid` (the event that was reacted to), and the data as JSON.
What a replay causes has the replay's id as its correlation id, and in `ce-replayof` the
correlation id of the events that are repeated. An id is a function of what happened, so a fact that is stated twice is the same fact.
Unknown fields are to be ignored; a change that removes or redefines one is a new version of the type.

This page, `schemas/` and `asyncapi.yaml` are generated: `make docs`.

| event | stated by | received by |
| --- | --- | --- |
"""


def write_catalogue(examples: Mapping[str, Mapping[str, Any]], meanings: Mapping[str, str]) -> str:
    """The page. `examples` are the golden events by type: `{id, subject, data}`."""
    rows = [f"| [`{kind}`](#{_anchor(kind)}) | {stated_by(kind)} | {received_by(kind)} |\n" for kind in CATALOGUE]
    return _HEAD + "".join(rows) + "".join(_section(fact, examples[fact.TYPE], meanings) for fact in CATALOGUE.values())


def stated_by(kind: str) -> str:
    """Stages and other sources, in words."""
    stages = [f"`{stage.name}`" for stage in STAGES.values() if kind in stage.states]
    return ", ".join([*(f"`{source}`" for source, kinds in STATED_ELSEWHERE.items() if kind in kinds), *stages])


def received_by(kind: str) -> str:
    """Stages whose subscription lets it through; the ledger receives all."""
    received = [f"`{stage.name}`" for stage in STAGES.values() if FactTrigger(type=kind) in stage.triggers]
    return ", ".join([*received, "the ledger"])


def _anchor(kind: str) -> str:
    return kind.replace(".", "")


def _section(fact: type[Fact], example: Mapping[str, Any], meanings: Mapping[str, str]) -> str:
    return "\n" + "\n".join(_lines(fact, example, meanings)) + "\n"


def _lines(fact: type[Fact], example: Mapping[str, Any], meanings: Mapping[str, str]) -> Iterator[str]:
    schema = describe_fact(fact, meanings)
    yield f"## {fact.TYPE}\n"
    yield f"{schema['description']}\n"
    yield f"Stated by {stated_by(fact.TYPE)}; received by {received_by(fact.TYPE)}. [Schema](schemas/{fact.TYPE}.json)\n"
    yield "| field | type | meaning |"
    yield "| --- | --- | --- |"
    for name, described in schema["properties"].items():
        optional = "" if name in schema["required"] else ", optional"
        yield f"| `{name}` | {name_type(described)}{optional} | {described['description']} |"
    yield f"\nIts id, `{example['id']}` here, makes it the same fact however often it is stated. Subject: `{example['subject']}`.\n"
    yield "```json"
    yield json.dumps(example["data"], indent=1, sort_keys=True)
    yield "```"
