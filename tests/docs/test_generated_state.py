"""The schemas of the state say what the records do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError
from referencing import Registry, Resource

from docs.generate.__main__ import DOCS
from docs.generate.state import describe_versions, read_meanings
from ripple.errors import RetryableError
from ripple.rows.tagged_json import write_tagged
from ripple.state.catalogue import STATE
from ripple.state.records import Record
from tests.ripple.state.golden import read_earlier, read_whole

WHOLE, EARLIER = read_whole(), read_earlier()
FACTS = {path.stem: json.loads(path.read_text()) for path in (DOCS / "schemas").glob("*.json")}
REGISTRY = Registry().with_resources(
    (f"../{name}.json", Resource.from_contents(schema)) for name, schema in FACTS.items()
)


def validator_of(title: str) -> Draft202012Validator:
    schema = json.loads((DOCS / "schemas" / "state" / f"{title}.json").read_text())
    # Without its own name, its references are looked up as they are written.
    return Draft202012Validator({name: value for name, value in schema.items() if name != "$id"}, registry=REGISTRY)


def tagged(document: Any) -> Any:
    return json.loads(write_tagged(document))


@pytest.mark.parametrize("title", WHOLE)
def test_a_schema_takes_the_golden_document(title: str) -> None:
    validator = validator_of(title)
    Draft202012Validator.check_schema(validator.schema)
    validator.validate(tagged(WHOLE[title]))


@pytest.mark.parametrize("file", EARLIER)
def test_a_schema_takes_what_an_earlier_release_wrote(file: str) -> None:
    name, document = EARLIER[file]
    validator_of(f"{name}.v{document.get('version', 1)}").validate(tagged(document))


@pytest.mark.parametrize("title", WHOLE)
def test_schema_and_record_refuse_the_same(title: str) -> None:
    validator, kept = validator_of(title), STATE[title.rpartition(".v")[0]]
    for name, described in validator.schema["properties"].items():
        changed = [WHOLE[title] | {name: [["no", "such"]]}]
        if name in validator.schema["required"]:
            changed.append({field: value for field, value in WHOLE[title].items() if field != name})
        for document in changed:
            with pytest.raises(ValidationError):
                validator.validate(tagged(document))
            with pytest.raises(RetryableError, match=name):
                kept.read("c/id", document)
        assert described["description"]


def test_a_field_without_a_meaning_is_found() -> None:
    class Careless(Record):
        name: str
        """What it is."""
        unnamed: int

    assert read_meanings(Careless) == {"name": "What it is."}


@pytest.mark.parametrize("name", STATE)
def test_each_version_that_is_read_has_a_schema(name: str) -> None:
    assert set(describe_versions(name)) == {f"{name}.v{n}" for n in (*STATE[name].older, STATE[name].version)}
