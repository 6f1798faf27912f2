"""The environment is read once, and all that is wrong with it is said at once."""

from __future__ import annotations

import pytest

from ripple.deployment.settings import Settings, read_settings

PROJECT = {"GOOGLE_CLOUD_PROJECT": "ripple-test"}


def test_a_project_is_all_that_is_needed() -> None:
    assert read_settings(PROJECT) == Settings(project="ripple-test")


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("RIPPLE_LOCATION", "europe-west1", "location", "europe-west1"),
        ("RIPPLE_ELT_SETTLE_SECONDS", "0.5", "elt_settle_seconds", 0.5),
        ("RIPPLE_ELT_FILES_PER_BATCH", "7", "elt_files_per_batch", 7),
        ("RIPPLE_ELT_RUNS_PER_HOUR", "0", "elt_runs_per_hour", 0),
        ("RIPPLE_ELT_BYTES_PER_BATCH", "1000", "elt_bytes_per_batch", 1000),
        ("RIPPLE_TRAINING_JOBS_PER_DAY", "3", "training_jobs_per_day", 3),
        ("RIPPLE_QUERY_BYTES", "1000", "query_bytes", 1000),
        ("RIPPLE_REJECT_RATIO", "0.1", "reject_ratio", 0.1),
        ("RIPPLE_TRUTH", "true", "truth", True),
        ("RIPPLE_TRUTH", "0", "truth", False),
        ("RIPPLE_ENDPOINT_RUN", "http://127.0.0.1:1", "endpoint_run", "http://127.0.0.1:1"),
    ],
)
def test_a_variable_becomes_a_setting(variable: str, text: str, name: str, value: object) -> None:
    assert getattr(read_settings(PROJECT | {variable: text}), name) == value


def test_all_wrong_variables_are_named_together() -> None:
    with pytest.raises(ValueError, match="GOOGLE_CLOUD_PROJECT") as caught:
        read_settings({"RIPPLE_ELT_ATTEMPTS": "three", "RIPPLE_REJECT_RATIO": "5%", "RIPPLE_QUERY_BYTES": "-1"})
    assert "RIPPLE_QUERY_BYTES='-1'" in str(caught.value)
    assert "RIPPLE_ELT_ATTEMPTS='three'" in str(caught.value)
    assert "RIPPLE_REJECT_RATIO='5%'" in str(caught.value)


@pytest.mark.parametrize("text", ["0", "10001"])
def test_a_batch_takes_no_more_files_than_a_run_can_read(text: str) -> None:
    with pytest.raises(ValueError, match="RIPPLE_ELT_FILES_PER_BATCH"):
        read_settings(PROJECT | {"RIPPLE_ELT_FILES_PER_BATCH": text})


def test_buckets_are_named_by_project_or_by_prefix() -> None:
    assert Settings(project="p").bucket("bronze") == "p-bronze"
    assert Settings(project="p", bucket_prefix="x").bucket("bronze") == "x-bronze"
