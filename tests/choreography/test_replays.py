"""Replays on the calm world, when the chain has been looked at: what is done again changes nothing, unless the code did."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
from google.cloud import dataform_v1
from typer.testing import CliRunner

from cli.laptop_control import environment
from cli.ledger import read_line
from cli.main import app
from laptop.control import read_ports
from ripple.deployment.routes import REPOSITORY
from ripple.deployment.tables import VIEWS
from tests.choreography.worlds import ROOT, World, clients_of

T = TypeVar("T")
pytestmark = pytest.mark.timeout(600)
LEDGERS = {"ops.events", "ops.dead_letters"}
BOOKKEEPING = ("ops.fence_", "ops.touched_")
"""They grow by every fact: that is what they are for."""
SESSIONS = "definitions/gold/fct_sessions.sqlx"
STARTUPS = "definitions/gold/dim_startup.sqlx"


@dataclass(frozen=True, slots=True)
class Replayed:
    """A replay's dry run, its confirmation, the facts of its line, and the hash of every table before and after."""

    dry: Mapping[str, Any]
    run: Mapping[str, Any]
    line: list[dict[str, Any]]
    before: dict[str, str]
    after: dict[str, str]

    def changed(self) -> set[str]:
        assert self.before.keys() == self.after.keys()
        return {name for name, digest in self.before.items() if digest != self.after[name]}


def rows_of(name: str) -> str:
    """Its rows without the epoch of the run that wrote them last."""
    column = (
        "snapshot_uri"
        if name == "features.snapshot_versions"
        else "epoch"
        if name.endswith(("_objects", ".batch_files"))
        else ""
    )
    return f"SELECT * EXCEPT ({column}) FROM {name}" if column else f"SELECT * FROM {name}"


def hash_tables(world: World) -> dict[str, str]:
    """`{dataset.table: hash of its rows in order}`, every column of every table and view but what is of the run itself."""
    with clients_of(world.state) as clients:
        names = [
            f"{dataset}.{table.table_id}"
            for dataset in ("silver", "features", "gold", "ops")
            for table in clients.bigquery.list_tables(dataset)
        ]
        digest = "TO_HEX(SHA256(STRING_AGG(row_json, '|' ORDER BY row_json)))"
        parts = [
            f"SELECT '{name}' AS name, {digest} AS digest FROM (SELECT TO_JSON_STRING(t) AS row_json FROM ({rows_of(name)}) AS t)"
            for name in names
            if name not in LEDGERS and not name.startswith(BOOKKEEPING)
        ]
        return {row["name"]: row["digest"] for row in clients.bigquery.query_and_wait(" UNION ALL ".join(parts))}


def say(world: World, *words: str) -> Any:
    """What the command answers, in this process: a process each would take most of the time of these tests."""
    with clients_of(world.state):
        done = CliRunner().invoke(app, [words[0], "--state", str(world.state), "--json", *words[1:]])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def wait_for(what: str, look: Callable[[], T | None], seconds: float = 240) -> T:
    until = time.monotonic() + seconds
    while (found := look()) is None:
        assert time.monotonic() < until, f"waited {seconds} s for {what}"
        time.sleep(0.3)
    return found


def expected_facts(planned: Mapping[str, Any]) -> set[str]:
    """What the plan said it fires for certain, with this replay's own id for its subject."""
    perhaps = [line.removeprefix("may fire ") for line in planned["words"] if line.startswith("may fire ")]
    certain = (fires for fires in planned["fires"] if not any(line.startswith(fires) for line in perhaps))
    return {fires.replace("this replay", planned["replay_id"]) for fires in certain}


def stated_facts(line: list[dict[str, Any]]) -> set[str]:
    return {f"{fact['type']} of {fact['subject']}" for fact in line if fact["type"] != "replay.run.planned.v1"}


def replay(world: World, *words: str) -> Replayed:
    """Dry run, run, and wait until everything that was said has been stated."""
    before = hash_tables(world)
    dry = say(world, "replay", *words, "--dry-run")
    run = say(world, "replay", *words)

    def look() -> list[dict[str, Any]] | None:
        line = read_line(environment(read_ports(world.state)), run["replay_id"])
        return line if expected_facts(run) <= stated_facts(line) else None

    with clients_of(world.state):
        line = wait_for(f"the facts of {words}", look)
    return Replayed(dry, run, line, before, hash_tables(world))


@contextmanager
def committed(world: World, changes: Mapping[str, str]) -> Iterator[None]:
    """Other text in files of the Dataform repository, until the block ends."""
    commit(world, changes)
    try:
        yield
    finally:
        commit(world, {path: (ROOT / "dataform" / path).read_text() for path in changes})


def commit(world: World, changes: Mapping[str, str]) -> None:
    operation = dataform_v1.CommitRepositoryChangesRequest.FileOperation
    files = {path: operation(write_file=operation.WriteFile(contents=text.encode())) for path, text in changes.items()}
    with clients_of(world.state) as clients:
        author = dataform_v1.CommitAuthor(name="a test", email_address="test@example.org")
        clients.dataform.commit_repository_changes(
            request=dataform_v1.CommitRepositoryChangesRequest(
                name=f"{clients.parent}/repositories/{REPOSITORY}",
                commit_metadata=dataform_v1.CommitMetadata(author=author, commit_message="Change"),
                file_operations=files,
            )
        )


def written_tables(world: World, invocation: str) -> set[str]:
    """The tables that a Dataform invocation wrote: its actions, less external tables and what is disabled."""
    with clients_of(world.state) as clients:
        request = dataform_v1.QueryWorkflowInvocationActionsRequest(name=invocation)
        targets = [action.target for action in clients.dataform.query_workflow_invocation_actions(request=request)]
    names = {f"{target.schema}.{target.name}" for target in targets}
    others = ("staging.", "ops.create_tables")
    return {name for name in names if not name.startswith(others) and name not in VIEWS}


@pytest.fixture(scope="module")
def again(calm: World) -> Replayed:
    """The newest batch, which was trained on, run again under the same code."""
    return replay(calm, "--batch", str(calm.result["batch"]))


def test_a_run_confirms_the_words_of_its_dry_run(again: Replayed) -> None:
    own = {"replay_id", "dry_run"}
    assert {k: v for k, v in again.run.items() if k not in own} == {k: v for k, v in again.dry.items() if k not in own}
    assert len(again.run["words"]) >= 5


def test_a_replay_fires_what_its_plan_says_and_nothing_else(again: Replayed) -> None:
    assert stated_facts(again.line) == expected_facts(again.run)


def test_a_replay_writes_the_tables_that_its_plan_says(calm: World, again: Replayed) -> None:
    (succeeded,) = (fact for fact in again.line if fact["type"] == "elt.run.succeeded.v1")
    assert written_tables(calm, succeeded["data"]["invocation"]) <= set(again.run["tables"])
    assert set(again.run["tables"]) == set(again.before) - set(VIEWS)


def test_a_replay_leaves_every_table_as_it_was(again: Replayed) -> None:
    assert again.changed() == set()


def test_a_replay_has_one_correlation_id_that_names_the_one_it_repeats(again: Replayed) -> None:
    assert {fact["correlationid"] for fact in again.line} == {again.run["replay_id"]}
    assert len({fact["replayof"] for fact in again.line}) == 1


def test_nothing_is_trained_twice(calm: World, again: Replayed) -> None:
    newest = say(calm, "runs")["runs"][0]["training"]
    (submitted,) = (fact for fact in again.line if fact["type"] == "training.job.submitted.v1")
    assert (newest["job"], newest["attempts"]) == (submitted["subject"], 1)


def test_a_replay_under_changed_code_changes_the_tables_of_that_code_only(calm: World, again: Replayed) -> None:
    text = (ROOT / "dataform" / SESSIONS).read_text()
    changed = text.replace("COUNT(*) = 1 AS is_bounce", "COUNT(*) <= 2 AS is_bounce")
    assert changed != text
    with committed(calm, {SESSIONS: changed}):
        replayed = replay(calm, "--batch", "1")
    assert replayed.changed() == {"gold.fct_sessions"}
    assert replayed.changed() <= set(replayed.dry["tables"])


def test_a_landed_object_is_announced_again_and_nothing_changes(calm: World, again: Replayed) -> None:
    uri = calm.rows("SELECT uri FROM ops.batch_files WHERE batch = 1 ORDER BY uri LIMIT 1")[0]["uri"]
    replayed = replay(calm, "--object", uri)
    assert (replayed.changed(), replayed.run["tables"]) == (set(), [])
    (landed,) = (fact for fact in replayed.line if fact["type"] == "bronze.object.landed.v1")
    assert (landed["subject"], bool(landed["replayof"])) == (uri, True)


def test_a_flow_whose_sql_is_broken_is_held_until_it_is_resumed(calm: World, again: Replayed) -> None:
    def find_newest(state: str) -> Any:
        newest = say(calm, "runs")["runs"][0]
        return newest if newest["batch"] > calm.result["batch"] and newest["state"] == state else None

    with committed(calm, {STARTUPS: "config { type: 'table' "}):
        file = ROOT / "tests" / "functions" / "alone" / "startups.jsonl"
        say(calm, "drop", str(file), "--flow", "startups", "--dt", "2026-01-05")
        held = wait_for("a held flow", lambda: (found := find_newest("split")) and found["held"] and found)
    number = str(held["batch"])
    why = say(calm, "why", number)["reason"]
    assert "startups is held since" in why
    assert why.endswith("next: fix the cause, then: ripple resume --flow startups")
    say(calm, "resume", "--flow", "startups")
    assert wait_for("the resumed batch", lambda: find_newest("done"))["batch"] == held["batch"]
    assert calm.rows(f"SELECT COUNT(*) AS n FROM silver.startup_events WHERE batch = {number}")[0]["n"] == 3


def test_a_dead_letter_goes_back_to_its_stage_with_its_history(calm: World) -> None:
    def list_letters() -> list[dict[str, Any]]:
        letters = say(calm, "dead-letters", "--all")["dead_letters"]
        return [letter for letter in letters if letter["event_id"] == "late/1"]

    failed = {"batch": 1, "epoch": 1, "execution": "x", "state": "FAILED", "reason": "r", "failed_actions": []}
    context = {"specversion": "1.0", "id": "late/1", "type": "elt.run.failed.v1", "source": "//test", "time": "late"}
    with clients_of(calm.state) as clients:
        attributes = {f"ce-{name}": value for name, value in context.items()}
        topic = f"projects/{clients.project}/topics/ripple-events"
        clients.publisher.publish(topic, json.dumps(failed).encode(), **attributes).result(30)
    (first,) = wait_for("its death", lambda: list_letters() or None)
    run = say(calm, "replay", "--dead-letter", first["id"])
    assert run["targets"] == [first["id"]]
    first, second = wait_for("its second death", lambda: found if len(found := list_letters()) > 1 else None)
    assert (first["stage"], first["sent_back_by"]) == ("start_elt", run["replay_id"])
    assert (second["stage"], second["attempts"], second["first_death"]) == ("start_elt", 2, first["first_death"])
