"""A claim and its execution: whoever dies between them, is overtaken, or comes late leaves the one live run as it is."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping

import pytest

from functions.start_elt.batching import Started, note_execution
from ripple.deployment.settings import Settings
from ripple.state.batches import BATCHES
from ripple.state.head import HEAD
from ripple.wire.events import BronzeObjectRejected, ReplayRunStarted
from tests.functions.fakes import CrashError, FakeEdge, FakeExecutions
from tests.functions.test_start_elt import (
    a_done_batch,
    batch_of,
    correlations,
    deliver,
    fail,
    live,
    record,
    replay_batch,
    succeed,
)


class ScriptedExecutions(FakeExecutions):
    """What happens while an execution starts, before its name is known: by the number of the execution."""

    def __init__(self, **happens: Callable[[], None]) -> None:
        super().__init__()
        self.happens = {int(name.removeprefix("at_")): work for name, work in happens.items()}

    def start(self, argument: Mapping[str, object]) -> str:
        execution = super().start(argument)
        if (work := self.happens.pop(len(self.arguments), None)) is not None:
            work()
        return execution


def die() -> None:
    raise CrashError("start")


def batch(edge: FakeEdge) -> dict[str, object]:
    return {name: edge.documents.held["batches/1"][name] for name in ("state", "epoch", "execution", "attempts")}


def test_a_crash_between_the_claim_and_its_execution_is_taken_up_by_the_retry() -> None:
    edge = FakeEdge(executions=ScriptedExecutions(at_1=die))
    fact = record(edge, 1)
    with pytest.raises(CrashError):
        deliver(edge, fact)
    assert batch(edge) == {"state": "claimed", "epoch": 1, "execution": "", "attempts": 0}
    deliver(edge, fact)
    assert [(a["batch"], a["epoch"]) for a in edge.executions.arguments] == [(1, 1), (1, 1)]
    assert batch(edge) == {"state": "running", "epoch": 1, "execution": "executions/2", "attempts": 0}


def test_so_is_one_between_a_failure_and_the_next_attempt() -> None:
    edge = FakeEdge(executions=ScriptedExecutions(at_2=die))
    deliver(edge, record(edge, 1))
    with pytest.raises(CrashError):
        deliver(edge, fail(1, 1))
    assert batch(edge) == {"state": "claimed", "epoch": 2, "execution": "", "attempts": 1}
    deliver(edge, fail(1, 1))
    assert batch(edge) == {"state": "running", "epoch": 2, "execution": "executions/3", "attempts": 1}


def test_so_is_one_between_a_replay_and_its_run() -> None:
    edge = FakeEdge(executions=ScriptedExecutions(at_2=die))
    deliver(edge, record(edge, 1))
    deliver(edge, succeed(edge, 1, 1))
    with pytest.raises(CrashError):
        deliver(edge, replay_batch("r-1"))
    assert batch(edge) == {"state": "claimed", "epoch": 2, "execution": "", "attempts": 0}
    deliver(edge, replay_batch("r-1"))
    assert batch(edge) == {"state": "running", "epoch": 2, "execution": "executions/3", "attempts": 0}
    assert correlations(edge)[-1] == ("r-1", "batch-1")


def a_claim_without_an_execution() -> FakeEdge:
    edge = FakeEdge(executions=ScriptedExecutions(at_1=die))
    with pytest.raises(CrashError):
        deliver(edge, record(edge, 1))
    return edge


def test_no_other_event_takes_the_run_up() -> None:
    edge = a_claim_without_an_execution()
    deliver(edge, record(edge, 2))
    assert len(edge.executions.arguments) == 1
    assert (live(edge), batch_of(edge, 2)) == ((1, 1), None)


def test_a_batch_that_has_gone_on_to_another_epoch_is_not_taken_up() -> None:
    edge = a_claim_without_an_execution()
    edge.documents.held["batches/1"]["epoch"] = 2
    deliver(edge, record(edge, 1))
    assert len(edge.executions.arguments) == 1


def test_a_run_whose_record_is_gone_is_left_to_its_lease() -> None:
    edge = a_claim_without_an_execution()
    del edge.documents.held["batches/1"]
    deliver(edge, record(edge, 1))
    assert len(edge.executions.arguments) == 1


def overtaken_by(work: Callable[[FakeEdge], None]) -> FakeEdge:
    """While the first execution starts, something else happens; its name is noted after that."""
    executions = ScriptedExecutions()
    edge = FakeEdge(executions=executions)
    fact = record(edge, 1)
    executions.happens[1] = lambda: work(edge)
    deliver(edge, fact)
    return edge


def test_the_execution_that_was_noted_first_stays() -> None:
    edge = overtaken_by(lambda edge: deliver(edge, record(edge, 1)))
    assert len(edge.executions.arguments) == 2
    assert batch(edge)["execution"] == "executions/2"


def test_a_run_that_ended_before_its_name_was_known_does_not_run_again() -> None:
    edge = overtaken_by(lambda edge: deliver(edge, succeed(edge, 1, 1)))
    assert (batch(edge)["state"], batch(edge)["execution"], live(edge)) == ("done", "", None)


def test_nor_does_one_that_failed_and_has_gone_on() -> None:
    edge = overtaken_by(lambda edge: deliver(edge, fail(1, 1)))
    assert (batch(edge)["epoch"], batch(edge)["execution"], live(edge)) == (2, "executions/2", (1, 2))


def test_a_record_that_is_gone_is_not_made_again() -> None:
    edge = overtaken_by(lambda edge: edge.documents.delete("batches/1"))
    assert "batches/1" not in edge.documents.held


def test_a_handler_that_slept_does_not_mark_a_finished_batch_as_running() -> None:
    edge = FakeEdge()
    deliver(edge, record(edge, 1))
    run = HEAD.get(edge.documents).run
    assert run is not None
    slept = Started(run=run, batch=BATCHES.expect(edge.documents, 1))
    deliver(edge, succeed(edge, 1, 1))
    note_execution(slept, "executions/of-a-sleeper", edge.documents)
    assert batch(edge)["state"] == "done"


def test_a_lease_runs_from_the_servers_time_in_every_attempt() -> None:
    edge = FakeEdge()
    until = edge.documents.now + dt.timedelta(hours=1)
    deliver(edge, record(edge, 1))
    assert edge.documents.held["elt/head"]["run"]["lease_until"] == until
    deliver(edge, fail(1, 1))
    assert edge.documents.held["elt/head"]["run"]["lease_until"] == until


def test_a_run_that_succeeded_keeps_what_it_said() -> None:
    edge = a_done_batch()
    assert edge.documents.held["batches/1"]["succeeded"] == succeed(edge, 1, 1).data()


def test_a_batch_spans_its_days_and_keeps_some_of_its_correlation_ids_in_order() -> None:
    edge = FakeEdge()
    for number in reversed(range(60)):
        record(edge, number)
    deliver(edge, record(edge, 60))
    held = edge.documents.held["batches/1"]
    assert (held["dt_from"], held["dt_to"], held["files"]) == ("2026-01-01", "2026-01-28", 61)
    assert list(held["correlation_ids"]) == sorted(f"batch-{number}" for number in range(61))[:50]


def test_the_list_of_a_batchs_files_is_the_same_text_whatever_order_they_came_in() -> None:
    edge = FakeEdge()
    record(edge, 5)
    deliver(edge, record(edge, 30))
    _, data = edge.objects.live["ripple-test-control", "batches/batch=1/epoch=1/part=0/files.jsonl"]
    lines = data.decode().splitlines()
    assert [json.loads(line)["generation"] for line in lines] == [30, 5]
    assert lines == sorted(json.dumps(json.loads(line), sort_keys=True) for line in lines)


def test_only_a_file_that_landed_waits_for_others() -> None:
    edge = FakeEdge(settings=Settings(project="ripple-test", elt_settle_seconds=10))
    deliver(edge, record(edge, 1))
    deliver(edge, succeed(edge, 1, 1))
    rejected = BronzeObjectRejected(uri="gs://b/x", generation=1, code="object_empty", reason="r")
    for fact in (rejected, succeed(edge, 1, 1), fail(1, 1), replay_batch("r-1")):
        deliver(edge, fact, sleep=lambda seconds: pytest.fail(f"slept {seconds} s"))


def test_a_replay_of_several_batches_leaves_out_the_one_that_never_was() -> None:
    edge = a_done_batch()
    deliver(edge, ReplayRunStarted(replay_id="r-1", kind="batch", targets=("7", "1")))
    assert live(edge) == (1, 2)


def test_what_it_states_says_who_states_it() -> None:
    edge = FakeEdge()
    deliver(edge, record(edge, 1))
    assert edge.publisher.sent[0].attributes()["ce-source"].endswith("/start_elt")
