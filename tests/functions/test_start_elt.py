"""Many files share a run, at most one run is live, and nothing is lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from functions.start_elt.stage import react
from ripple.deployment.settings import Settings
from ripple.errors import PermanentError
from ripple.wire.events import BronzeObjectLanded, EltRunFailed, EltRunStarted, EltRunSucceeded, Fact, ReplayRunStarted
from tests.functions.fakes import FakeEdge, cause
from tests.ripple.state.golden import hold


def record(edge: FakeEdge, number: int, flow: str = "clickstream", **changes: Any) -> BronzeObjectLanded:
    """As the lander records a file, before it says so."""
    uri = f"gs://ripple-test-bronze/{flow}/dt=2026-01-{1 + number % 28:02d}/part-{number:04d}.jsonl"
    fact = BronzeObjectLanded(
        flow=flow, uri=uri, generation=number, dt=uri.split("dt=")[1][:10], bytes=9, rows=2, rows_quarantined=0
    )
    fact = replace(fact, **changes)
    found = {"uri": uri, "generation": number, "flow": flow, "dt": fact.dt, "fact": fact.data()}
    waiting = {"state": "landed", "batch": None, "drift": None, "correlation_id": f"batch-{number}"}
    hold(edge.documents, "files", f"{number:04d}", **found, **waiting)
    return fact


def deliver(edge: FakeEdge, fact: Fact, event: str = "", sleep: Callable[[float], None] = lambda _: None) -> None:
    react(fact, cause(event or fact.id), edge, sleep)


def succeed(edge: FakeEdge, batch: int, epoch: int) -> EltRunSucceeded:
    return EltRunSucceeded(
        batch=batch,
        epoch=epoch,
        execution="x",
        invocation="i",
        snapshot_uri="gs://b/s",
        dataset_version=f"v{batch}",
        train_rows=1,
        test_rows=1,
        score_rows=1,
    )


def fail(batch: int, epoch: int) -> EltRunFailed:
    return EltRunFailed(batch=batch, epoch=epoch, execution="x", state="FAILED", reason="broke", failed_actions=[])


def live(edge: FakeEdge) -> tuple[int, int] | None:
    run = (edge.documents.get("elt/head") or {}).get("run")
    return (run["batch"], run["epoch"]) if run else None


def batch_of(edge: FakeEdge, number: int) -> Any:
    return edge.documents.held[f"files/{number:04d}"]["batch"]


def test_a_landed_file_starts_a_run_with_its_list_and_says_so() -> None:
    edge = FakeEdge()
    deliver(edge, record(edge, 1))
    (argument,) = edge.executions.arguments
    assert argument == {
        "batch": 1,
        "epoch": 1,
        "correlation_id": "batch-1",
        "replay_of": None,
        "causation_id": edge.publisher.sent[0].causation_id,
        "part": 0,
        "is_trial": False,
        "is_last": True,
        "flows": "clickstream",
        "checked": "",
        "quarantined": "",
        "forgotten": "",
        "poll_seconds": 5.0,
    }
    assert edge.publisher.facts() == [
        EltRunStarted(batch=1, epoch=1, flows=("clickstream",), files=1, execution="executions/1")
    ]
    assert edge.objects.lines("gs://ripple-test-control/batches/batch=1/epoch=1/part=0/files.jsonl") == [
        {
            "batch": 1,
            "epoch": 1,
            "flow": "clickstream",
            "uri": "gs://ripple-test-bronze/clickstream/dt=2026-01-02/part-0001.jsonl",
            "generation": 1,
            "dt": "2026-01-02",
            "rows": 2,
            "rows_quarantined": 0,
            "quarantine_uri": None,
            "rows_checked": 2,
            "checked_uri": None,
            "arrived_at": None,
            "whole_at": None,
            "corrects_uri": None,
            "part": 0,
            "is_withdrawn": False,
            "count_forgotten": 0,
            "is_tried": False,
        }
    ]
    assert edge.documents.held["batches/1"]["state"] == "running"


def test_a_batch_names_its_flows_and_its_days() -> None:
    edge = FakeEdge()
    facts = [record(edge, number, flow) for number, flow in enumerate(("startups", "sales", "clickstream"))]
    deliver(edge, facts[0])
    (argument,) = edge.executions.arguments
    assert argument["flows"] == "clickstream,sales,startups"
    assert argument["correlation_id"] == "batches/1"


def test_a_burst_of_ten_thousand_files_gives_at_most_four_runs() -> None:
    edge = FakeEdge()
    facts = [record(edge, number) for number in range(10_100)]
    for fact in facts[:100]:
        deliver(edge, fact)
    assert len(edge.executions.arguments) == 1
    while (run := live(edge)) is not None:
        deliver(edge, succeed(edge, *run))
    assert len(edge.executions.arguments) == 2
    claimed = [batch_of(edge, number) for number in range(10_100)]
    assert None not in claimed
    listed = [
        line
        for batch in set(claimed)
        for line in edge.objects.lines(
            f"gs://ripple-test-control/batches/batch={batch}/epoch={batch}/part=0/files.jsonl"
        )
    ]
    assert sorted(line["generation"] for line in listed) == list(range(10_100))


def test_files_that_come_while_it_settles_share_the_run() -> None:
    edge = FakeEdge(settings=Settings(project="ripple-test", elt_settle_seconds=10))
    waits: list[float] = []

    def more_land(seconds: float) -> None:
        waits.append(seconds)
        record(edge, 2)

    deliver(edge, record(edge, 1), sleep=more_land)
    assert waits == [10]
    assert (batch_of(edge, 1), batch_of(edge, 2)) == (1, 1)


def test_nobody_waits_while_a_run_is_live() -> None:
    edge = FakeEdge()
    deliver(edge, record(edge, 1))
    waits: list[float] = []
    deliver(edge, record(edge, 2), sleep=waits.append)
    assert waits == []


def test_a_late_file_joins_the_next_batch() -> None:
    edge = FakeEdge()
    deliver(edge, record(edge, 1))
    deliver(edge, record(edge, 2))
    assert batch_of(edge, 2) is None
    deliver(edge, succeed(edge, 1, 1))
    assert batch_of(edge, 2) == 2
    assert live(edge) == (2, 2)


def test_a_run_that_succeeded_frees_the_head_and_keeps_what_it_made() -> None:
    edge = FakeEdge()
    deliver(edge, record(edge, 1))
    deliver(edge, succeed(edge, 1, 1))
    assert live(edge) is None
    batch = edge.documents.held["batches/1"]
    assert (batch["state"], batch["dataset_version"], batch["snapshot_uri"]) == ("done", "v1", "gs://b/s")


def test_a_second_delivery_of_success_does_not_start_twice() -> None:
    edge = FakeEdge()
    deliver(edge, record(edge, 1))
    record(edge, 2)
    for _ in range(3):
        deliver(edge, succeed(edge, 1, 1))
    assert [argument["batch"] for argument in edge.executions.arguments] == [1, 2]


def test_a_second_delivery_of_a_file_does_not_start_twice() -> None:
    edge = FakeEdge()
    fact = record(edge, 1)
    deliver(edge, fact)
    deliver(edge, fact)
    deliver(edge, succeed(edge, 1, 1))
    deliver(edge, fact)
    assert len(edge.executions.arguments) == 1


@pytest.mark.parametrize("zombie", [succeed(FakeEdge(), 1, 1), fail(1, 1)], ids=["success", "failure"])
def test_a_zombie_of_an_old_epoch_changes_nothing(zombie: Fact) -> None:
    edge = FakeEdge()
    deliver(edge, record(edge, 1))
    deliver(edge, fail(1, 1))
    assert live(edge) == (1, 2)
    before = {path: dict(document) for path, document in edge.documents.held.items()}
    deliver(edge, zombie, event="zombie")
    assert edge.documents.held == before
    assert len(edge.executions.arguments) == 2


def test_a_failed_run_is_tried_again_with_the_same_files() -> None:
    edge = FakeEdge()
    deliver(edge, record(edge, 1))
    record(edge, 2)
    for epoch in (1, 2):
        deliver(edge, fail(1, epoch))
        assert live(edge) == (1, epoch + 1)
    assert (batch_of(edge, 1), batch_of(edge, 2)) == (1, None)


def test_a_batch_that_was_done_is_parked_when_its_replay_fails_three_times_and_keeps_what_it_made() -> None:
    edge = a_done_batch()
    deliver(edge, replay_batch("r-1"))
    for epoch in (2, 3, 4):
        deliver(edge, fail(1, epoch))
    batch = edge.documents.held["batches/1"]
    assert (batch["state"], batch["attempts"], batch["reason"], live(edge)) == ("parked", 3, "broke", None)
    assert (batch_of(edge, 1), batch["dataset_version"]) == (1, "v1")


def replay_batch(replay: str, batch: str = "1") -> ReplayRunStarted:
    return ReplayRunStarted(replay_id=replay, kind="batch", targets=(batch,))


def a_done_batch() -> FakeEdge:
    edge = FakeEdge()
    deliver(edge, record(edge, 1))
    deliver(edge, succeed(edge, 1, 1))
    return edge


def test_a_replayed_batch_has_the_replays_correlation_id_and_names_the_one_it_repeats() -> None:
    edge = a_done_batch()
    deliver(edge, replay_batch("r-1"))
    argument = edge.executions.arguments[-1]
    assert (argument["correlation_id"], argument["replay_of"]) == ("r-1", "batch-1")
    assert (edge.publisher.sent[-1].correlation_id, edge.publisher.sent[-1].replay_of) == ("r-1", "batch-1")
    deliver(edge, fail(1, 2))
    assert edge.executions.arguments[-1]["correlation_id"] == "r-1"


def test_a_replay_runs_the_files_that_the_batch_claimed_and_no_others() -> None:
    edge = a_done_batch()
    record(edge, 2)
    deliver(edge, replay_batch("r-1"))
    assert (live(edge), batch_of(edge, 2)) == ((1, 2), None)
    first, again = (listed(edge, 1, epoch) for epoch in (1, 2))
    assert [row["uri"] for row in again] == [row["uri"] for row in first]


def listed(edge: FakeEdge, batch: int, epoch: int) -> Any:
    return edge.objects.lines(f"gs://ripple-test-control/batches/batch={batch}/epoch={epoch}/part=0/files.jsonl")


def test_what_a_run_reads_is_listed_by_flow_beside_the_data() -> None:
    edge = FakeEdge()
    fact = record(edge, 1, checked_uri="gs://c/data/1.parquet", rows_checked=2)
    record(edge, 2, "sales", quarantine_uri="gs://q/2.jsonl", rows_quarantined=2, rows_checked=0)
    deliver(edge, fact)
    argument = edge.executions.arguments[0]
    assert [argument[name] for name in ("flows", "checked", "quarantined")] == [
        "clickstream,sales",
        "clickstream",
        "sales",
    ]
    manifests = {place: data for place, (_, data) in edge.objects.live.items() if "manifests/" in place[1]}
    assert manifests == {
        ("ripple-test-checked", "manifests/batch=1/epoch=1/part=0/clickstream.txt"): b"gs://c/data/1.parquet\n",
        ("ripple-test-quarantine", "manifests/batch=1/epoch=1/part=0/sales.txt"): b"gs://q/2.jsonl\n",
    }


def test_two_replays_of_a_batch_at_once_run_it_once() -> None:
    edge = a_done_batch()
    deliver(edge, record(edge, 2))
    for replay in ("r-1", "r-2", "r-1"):
        deliver(edge, replay_batch(replay))
    deliver(edge, succeed(edge, 2, 2))
    deliver(edge, replay_batch("r-3"))
    deliver(edge, succeed(edge, 1, 3))
    assert [argument["batch"] for argument in edge.executions.arguments] == [1, 2, 1]
    assert live(edge) is None


@pytest.mark.parametrize("replay", ["r-1", "r-2"])
def test_a_replay_that_is_stated_again_when_it_is_done_runs_nothing(replay: str) -> None:
    edge = a_done_batch()
    for name in ("r-1", "r-2"):
        deliver(edge, replay_batch(name))
    deliver(edge, succeed(edge, 1, 2))
    deliver(edge, replay_batch(replay), event="delivered again")
    assert len(edge.executions.arguments) == 2
    deliver(edge, replay_batch("r-3"))
    assert live(edge) == (1, 3)


def correlations(edge: FakeEdge) -> list[tuple[str, str | None]]:
    return [(argument["correlation_id"], argument["replay_of"]) for argument in edge.executions.arguments]


def test_a_run_that_a_replay_shares_stays_the_files_own() -> None:
    edge = FakeEdge()
    deliver(edge, record(edge, 1))
    deliver(edge, replay_batch("r-1"))
    deliver(edge, fail(1, 1))
    assert correlations(edge) == [("batch-1", None), ("batch-1", None)]


def test_a_run_that_two_replays_share_stays_the_first_ones() -> None:
    edge = a_done_batch()
    deliver(edge, record(edge, 2))
    for replay in ("r-1", "r-2"):
        deliver(edge, replay_batch(replay))
    deliver(edge, succeed(edge, 2, 2))
    assert correlations(edge)[-1] == ("r-1", "batch-1")


def test_replays_run_in_the_order_in_which_they_were_asked_for() -> None:
    edge = capped_edge(elt_runs_per_hour=0)
    for number in (1, 2, 3):
        run_one(edge, number)
    deliver(edge, record(edge, 4))
    for replay, batch in (("r-1", "2"), ("r-2", "3"), ("r-3", "1")):
        deliver(edge, replay_batch(replay, batch))
    while (run := live(edge)) is not None:
        deliver(edge, succeed(edge, *run))
    assert [argument["batch"] for argument in edge.executions.arguments[3:]] == [4, 2, 3, 1]


def test_a_replay_of_a_batch_that_never_was_starts_nothing() -> None:
    edge = FakeEdge()
    deliver(edge, ReplayRunStarted(replay_id="r-1", kind="batch", targets=("7",)))
    assert edge.executions.arguments == []


@pytest.mark.parametrize("kind", ["object", "training", "manifest", "dead-letter"])
def test_another_replay_is_none_of_its_business(kind: str) -> None:
    edge = FakeEdge()
    record(edge, 1)
    deliver(edge, ReplayRunStarted(replay_id="r-1", kind=kind, targets=("1",)))
    assert edge.executions.arguments == []


def test_a_batch_replay_that_names_no_number_can_never_work() -> None:
    with pytest.raises(PermanentError, match="event_malformed"):
        deliver(FakeEdge(), ReplayRunStarted(replay_id="r-1", kind="batch", targets=("seven",)))


def capped_edge(**settings: int) -> FakeEdge:
    return FakeEdge(settings=Settings(project="ripple-test", elt_settle_seconds=0, **settings))  # type: ignore[arg-type]


def pass_minutes(edge: FakeEdge, minutes: float) -> None:
    now = edge.documents.now + dt.timedelta(minutes=minutes)
    edge.documents.clock = lambda: now


def run_one(edge: FakeEdge, number: int) -> None:
    """A file lands; the run that it starts, if any, succeeds."""
    deliver(edge, record(edge, number))
    if (run := live(edge)) is not None:
        deliver(edge, succeed(edge, *run))


def test_beyond_the_runs_of_an_hour_files_wait_and_share_the_next() -> None:
    edge = capped_edge(elt_runs_per_hour=2)
    for number in range(5):
        run_one(edge, number)
    assert [batch_of(edge, number) for number in range(5)] == [1, 2, None, None, None]
    pass_minutes(edge, 59)
    run_one(edge, 5)
    assert len(edge.executions.arguments) == 2
    pass_minutes(edge, 1)
    run_one(edge, 6)
    assert [batch_of(edge, number) for number in range(2, 7)] == [3] * 5


def test_a_replay_waits_for_the_hour_too_and_goes_first_then() -> None:
    edge = capped_edge(elt_runs_per_hour=1)
    run_one(edge, 1)
    deliver(edge, ReplayRunStarted(replay_id="r", kind="batch", targets=("1",)))
    assert (live(edge), edge.documents.held["elt/head"]["replays"]) == (None, [1])
    pass_minutes(edge, 60)
    deliver(edge, record(edge, 2))
    assert (live(edge), batch_of(edge, 2)) == ((1, 2), None)


def test_nobody_settles_for_a_run_that_may_not_start() -> None:
    edge = capped_edge(elt_runs_per_hour=1)
    run_one(edge, 1)
    deliver(edge, record(edge, 2), sleep=lambda seconds: pytest.fail(f"slept {seconds} s"))


def test_a_failed_run_is_tried_again_although_the_hour_has_had_its_runs() -> None:
    edge = capped_edge(elt_runs_per_hour=1)
    deliver(edge, record(edge, 1))
    deliver(edge, fail(1, 1))
    assert live(edge) == (1, 2)


def test_a_batch_takes_no_more_bytes_than_it_may_and_a_larger_file_alone() -> None:
    edge = capped_edge(elt_bytes_per_batch=20)
    for number in range(4):
        record(edge, number)
    edge.documents.held["files/0002"]["fact"]["bytes"] = 100
    deliver(edge, record(edge, 4))
    while (run := live(edge)) is not None:
        deliver(edge, succeed(edge, *run))
    assert [batch_of(edge, number) for number in range(5)] == [1, 1, 2, 3, 3]


def read_list(edge: FakeEdge, epoch: int) -> Sequence[Any]:
    """What batch 1 reads."""
    return edge.objects.lines(f"gs://ripple-test-control/batches/batch=1/epoch={epoch}/part=0/files.jsonl")


def test_files_of_a_flow_that_this_release_does_not_have_wait() -> None:
    edge = FakeEdge()
    deliver(edge, record(edge, 1, "refunds"))
    assert live(edge) is None
    deliver(edge, record(edge, 2))
    assert live(edge) == (1, 1)
    assert [file["flow"] for file in read_list(edge, 1)] == ["clickstream"]
    assert edge.documents.held["files/0001"]["batch"] is None


def test_a_batch_of_before_runs_again_without_the_flow_that_is_gone() -> None:
    edge = FakeEdge()
    record(edge, 1, "startups")
    deliver(edge, record(edge, 2))
    record(edge, 3, "refunds")
    edge.documents.held["files/0003"]["batch"] = 1
    deliver(edge, succeed(edge, 1, 1))
    deliver(edge, ReplayRunStarted(replay_id="again", kind="batch", targets=("1",)))
    assert [file["flow"] for file in read_list(edge, 2)] == ["clickstream", "startups"]
    assert edge.executions.arguments[-1]["flows"] == "clickstream,startups"
