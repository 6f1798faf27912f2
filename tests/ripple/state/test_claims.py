"""The workflow's first step writes a claim in YAML: it is the record that `sweep` reads, field by field."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import yaml

from ripple.state.claims import CLAIMS, KEPT, claim_id
from tests.ripple.state.golden import a_record

WORKFLOW = yaml.safe_load((Path(__file__).parents[3] / "workflows" / "run_elt.yaml").read_text())
KINDS = {str: "stringValue", int: "integerValue", dt.datetime: "timestampValue"}
OF_SWEEP = {"ended_at"}


def step(steps: list[dict[str, Any]], name: str) -> dict[str, Any]:
    (found,) = [one[name] for one in steps if name in one]
    return dict(found)


STEPS = WORKFLOW["claim_batch"]["steps"]
CREATE = step(STEPS, "create")["try"]["args"]


def test_the_workflow_writes_every_field_of_a_claim_and_no_other() -> None:
    written = CREATE["body"]["fields"]
    document = CLAIMS.write(a_record("claims"))
    assert set(written) == set(document) - OF_SWEEP
    assert {name: set(value) for name, value in written.items()} == {
        name: {KINDS[type(value)]} for name, value in document.items() if name not in OF_SWEEP
    }
    assert written["version"] == {"integerValue": str(CLAIMS.version)}


def test_the_workflow_puts_it_where_the_record_is() -> None:
    place = step(STEPS, "place")["assign"]
    assert CREATE["collectionId"] == CLAIMS.name
    assert {"id": '${string(run.batch) + "-" + string(run.epoch)}'} in place
    assert (claim_id(7, 9), CLAIMS.path(claim_id(7, 9))) == ("7-9", "claims/7-9")


def test_the_workflow_lets_it_expire_when_the_record_says() -> None:
    expiry = CREATE["body"]["fields"]["expires_at"]["timestampValue"]
    assert expiry == "${time.format(sys.now() + " + f"{KEPT.total_seconds():.0f}" + ")}"


def test_the_workflow_reads_the_field_that_says_whose_it_is() -> None:
    compare = step(STEPS, "create")["except"]["steps"][-1]["compare"]["return"]
    assert compare == '${map.get(claim, ["fields", "execution", "stringValue"]) == run.execution}'
