"""Arguments win over the environment, and what cannot be run is refused with a reason."""

from __future__ import annotations

import pytest

from generators.job import read_job

ENOUGH = ["--to", "2025-12-01", "--batch-id", "b1", "--project", "ripple-laptop"]


def test_buckets_are_named_after_the_project() -> None:
    job = read_job("sales", ENOUGH, {})
    names = ("ripple-laptop-bronze", "ripple-laptop-landing", "ripple-laptop-control")
    assert (job.bronze_bucket, job.landing_bucket, job.control_bucket) == names


def test_the_environment_stands_behind_the_arguments() -> None:
    environ = {"CLOUD_RUN_TASK_INDEX": "3", "CLOUD_RUN_TASK_COUNT": "4", "BRONZE_BUCKET": "mine", "WORLD_SEED": "9"}
    job = read_job("clickstream", [*ENOUGH, "--seed", "2"], environ)
    assert (job.task_index, job.task_count, job.bronze_bucket, job.world.seed) == (3, 4, "mine", 2)


def test_the_slice_begins_with_the_world_unless_said() -> None:
    job = read_job("sales", [*ENOUGH, "--world-from", "2025-11-20"], {})
    assert job.window.from_ms == job.world.since_ms


def test_a_day_may_be_written_as_its_first_moment() -> None:
    assert read_job("sales", [*ENOUGH, "--from", "2025-11-02T00:00:00Z"], {}) == read_job(
        "sales", [*ENOUGH, "--from", "2025-11-02"], {}
    )


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--from", "2025-12-01"], "--from comes before --to"),
        (["--from", "2025-10-01"], "before the world began"),
        (["--from", "2025-11-02T06:00:00Z"], "not a whole day"),
        (["--task-index", "1"], "task 1 of 1 does not exist"),
        (["--batch-id", "a/b"], "--batch-id"),
        (["--dirt", "0.5"], "dirt 0.5"),
        (["--customers", "0"], "at least one customer"),
        (["--project", ""], "--project or GOOGLE_CLOUD_PROJECT"),
    ],
)
def test_what_cannot_be_run_is_refused(words: list[str], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_job("sales", [*ENOUGH, *words], {})
    assert reason in capsys.readouterr().err
