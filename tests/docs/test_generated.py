"""Generated pages are current, and the schemas say what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, ValidationError

from docs.generate.__main__ import DOCS, EXAMPLES, find_stale, generate
from ripple.errors import PermanentError
from ripple.wire.events import CATALOGUE, decode_fact

KINDS = sorted(CATALOGUE)


def schema_of(kind: str) -> Any:
    return json.loads((DOCS / "schemas" / f"{kind}.json").read_text())


def example_of(kind: str) -> dict[str, Any]:
    return dict(json.loads((EXAMPLES / f"{kind}.json").read_text())["data"])


def test_the_generated_pages_are_current() -> None:
    assert find_stale(generate()) == []


def test_a_page_that_someone_edited_is_found_stale() -> None:
    pages = generate()
    page = DOCS / "events.md"
    assert find_stale({**pages, page: pages[page] + "an edit"}) == ["docs/events.md"]


def test_a_schema_of_an_event_that_is_no_more_is_found_stale() -> None:
    pages = generate()
    gone = DOCS / "schemas" / "run.stalled.v1.json"
    assert find_stale({path: text for path, text in pages.items() if path != gone}) == [
        "docs/schemas/run.stalled.v1.json"
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_takes_the_golden_example(kind: str) -> None:
    schema = schema_of(kind)
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(example_of(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_schema_and_code_refuse_the_same(kind: str) -> None:
    schema, example = schema_of(kind), example_of(kind)
    for name in schema["required"]:
        for changed in ({k: v for k, v in example.items() if k != name}, example | {name: {"no": ["such", 1]}}):
            if schema["properties"][name]["type"] == "object" and name in changed:
                continue
            with pytest.raises(ValidationError):
                Draft202012Validator(schema).validate(changed)
            with pytest.raises(PermanentError, match=name):
                decode_fact(kind, changed)


def test_every_reference_of_the_choreography_leads_somewhere() -> None:
    text = (DOCS / "asyncapi.yaml").read_text()
    document = yaml.safe_load(text)
    for reference in set(re.findall(r"\$ref: '?([^'\s]+)", text)):
        if not reference.startswith("#/"):
            assert Path(DOCS, reference).exists(), reference
            continue
        found = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
