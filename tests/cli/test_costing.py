"""An estimate is quantities times prices, less what is free; quantities follow from the table of routes and the caps."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.costing import Price, estimate, estimate_deployment, price_all, read_prices, read_usage, show_amount
from cli.main import app
from cli.quantities import BILLED_TABLE, Quantity, bytes_per_run, count_calls, count_month
from cli.volume import Volume, describe_volume
from ripple.deployment.routes import STAGES
from ripple.deployment.settings import Settings

USAGE, PRICES = read_usage(), read_prices()
CAPS = Settings(project="any-project")


def a_volume(files: float, **changes: Any) -> Volume:
    return describe_volume(files, USAGE, **changes)


def a_price(**changes: Any) -> Price:
    fields = {
        "sku": "Shop: thing",
        "usd": 2.0,
        "per": 10.0,
        "unit": "thing",
        "free": 100.0,
        "source": "",
        "evidence": "",
    }
    return Price(**(fields | changes))


@pytest.mark.parametrize(
    ("units", "free", "usd"), [(0, 0, 0.0), (100, 100, 0.0), (60, 60, 0.0), (105, 100, 1.0), (1100, 100, 200.0)]
)
def test_what_is_free_is_not_billed(units: float, free: float, usd: float) -> None:
    (line,) = price_all([Quantity(price="thing", units=units)], {"thing": a_price()})
    assert (line.free, line.usd, line.service, line.what) == (free, usd, "Shop", "thing")


def test_quantities_of_one_price_share_its_free_tier() -> None:
    halves = [Quantity(price="thing", units=60), Quantity(price="thing", units=60)]
    (line,) = price_all(halves, {"thing": a_price()})
    assert (line.quantity, line.usd) == (120, 4.0)


def test_a_price_that_is_not_listed_is_an_error() -> None:
    with pytest.raises(KeyError, match="gold"):
        price_all([Quantity(price="gold", units=1)], PRICES)


@pytest.mark.parametrize("files", [0, 10, 1_000, 100_000])
def test_every_quantity_has_a_price_and_the_sum_is_that_of_its_parts(files: int) -> None:
    found = estimate(a_volume(files), PRICES, USAGE)
    assert {line.price for line in found.lines} <= set(PRICES)
    assert found.usd == pytest.approx(sum(found.by_service.values()))
    assert all(line.usd >= 0 and line.quantity >= 0 for line in found.lines)


def test_every_price_is_used_or_said_to_be_for_comparison() -> None:
    used = {one.price for one in count_month(a_volume(10), USAGE)} | {
        line.price for line in estimate_deployment(PRICES, USAGE)
    }
    assert set(PRICES) - used == {"bigquery_slots"}


@pytest.mark.parametrize(
    ("files", "runs_per_hour", "runs", "trainings"),
    [(10, 4, 10, 10), (1000, 4, 96, 24), (1000, 1, 24, 24), (1000, 0, 1000, 24), (0, 4, 0, 0)],
)
def test_the_caps_bound_runs_and_trainings(files: int, runs_per_hour: int, runs: int, trainings: int) -> None:
    volume = a_volume(files, runs_per_hour=runs_per_hour, jobs_per_day=24)
    assert (volume.runs_per_day, volume.trainings_per_day) == (runs, trainings)


def test_a_volume_goes_by_the_caps_that_are_shipped() -> None:
    volume = a_volume(1)
    shipped = CAPS.elt_runs_per_hour, CAPS.training_jobs_per_day, CAPS.elt_files_per_batch, CAPS.elt_bytes_per_batch
    assert (volume.runs_per_hour, volume.jobs_per_day, volume.files_per_batch, volume.bytes_per_batch) == shipped


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"files_per_day": 1_000_000.0}, "take 960,000 files"),
        ({"bytes_per_row": 1e10}, "TiB: the rest waits"),
        ({}, ""),
    ],
)
def test_a_volume_beyond_the_caps_is_said_to_leave_files_over(changes: dict[str, float], said: str) -> None:
    (warning,) = [*replace(a_volume(1000, runs_per_hour=4), **changes).find_misfits()] or [""]
    assert said in warning
    assert bool(warning) is bool(said)


def test_calls_follow_from_the_table_of_routes() -> None:
    calls = count_calls(a_volume(100, runs_per_hour=1, jobs_per_day=5), USAGE)
    assert calls.keys() == STAGES.keys()
    assert (
        calls.items()
        >= {
            "start_batch": 1,
            "export_sales": 1,
            "land_object": 100,
            "start_elt": 100 + 24,
            "start_training": 24 + 5,
            "replay": 0,
            "sweep": USAGE["sweeps_per_day"],
        }.items()
    )


def test_a_run_bills_each_table_its_least_and_more_as_history_grows() -> None:
    assert bytes_per_run(a_volume(10), USAGE) == USAGE["elt"]["tables"] * BILLED_TABLE
    short, long = (bytes_per_run(a_volume(10_000, days_of_history=days), USAGE) for days in (30, 300))
    assert long / short == pytest.approx(10, rel=0.05)


def test_a_first_deployment_fits_the_free_build_minutes() -> None:
    (minutes,) = [line for line in estimate_deployment(PRICES, USAGE) if line.price == "build_minutes"]
    assert (minutes.quantity, minutes.usd) == (31, 0.0)


def test_the_command_answers_in_words_and_in_json() -> None:
    words = ["costs", "--files-per-day", "1000", "--runs-per-hour", "1"]
    said = CliRunner().invoke(app, words, env={"COLUMNS": "160"})
    assert said.exit_code == 0, said.output
    assert "BigQuery" in said.stdout
    assert "no price list" in said.stderr
    found = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert found["usd"] == pytest.approx(estimate(a_volume(1000, runs_per_hour=1), PRICES, USAGE).usd)
    assert found["volume"]["runs_per_hour"] == 1


def test_a_volume_that_does_not_fit_is_warned_of() -> None:
    done = CliRunner().invoke(app, ["costs", "--files-per-day", "1000000", "--runs-per-hour", "1"])
    assert "the rest waits" in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("units", "unit", "said"),
    [
        (1, "run", "1 run"),
        (2e6, "read", "2,000,000 reads"),
        (2**30, "byte", "1.00 GiB"),
        (2**41, "byte-month", "2.00 TiB-month"),
    ],
)
def test_amounts_are_shown_as_a_reader_says_them(units: float, unit: str, said: str) -> None:
    assert show_amount(units, unit) == said
