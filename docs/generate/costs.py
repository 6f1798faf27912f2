"""`docs/costs.md`: the formulas, what they give at three volumes, the caps, and the inputs. Figures are `cli.costing`'s own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from cli.costing import Estimate, Prices, estimate, estimate_deployment, read_prices, read_usage
from cli.quantities import BILLED_TABLE, Usage, bytes_per_run
from cli.volume import Volume, describe_volume
from ripple.deployment.routes import STAGES
from ripple.deployment.settings import Settings

TEXT = Path(__file__).parent / "costs_page.txt"
VOLUMES = (10, 1_000, 100_000)
RUNS_PER_HOUR = (1, 4, 12)


def write_costs() -> str:
    """The page: its text with the tables in their places."""
    prices, usage, caps = read_prices(), read_usage(), Settings(project="any-project")
    parts = {
        "volume": _describe_inputs(usage),
        "estimates": _table_of_estimates([estimate(describe_volume(n, usage), prices, usage) for n in VOLUMES]),
        "runs": _table_of_runs(prices, usage),
        "deployment": f"{sum(line.usd for line in estimate_deployment(prices, usage)):.2f}",
        "prices": _table_of_prices(prices),
        "instances": ", ".join(f"`{stage.name}` {stage.max_instances}" for stage in STAGES.values()),
        "floor": f"{usage['elt']['tables'] * BILLED_TABLE / 2**30:.1f}",
        "capacity": f"{24 * caps.elt_runs_per_hour * caps.elt_files_per_batch:,}",
        "slots": f"{100 * 24 * usage['days_per_month'] * prices['bigquery_slots'].usd:,.0f}",
        **{f"elt_{name}": f"{value:g}" for name, value in usage["elt"].items()},
        "elt_runs_per_hour": str(caps.elt_runs_per_hour),
        "elt_most_starts": str(caps.elt_runs_per_hour + caps.elt_attempts - 1),
        "elt_files_per_batch": f"{caps.elt_files_per_batch:,}",
        "elt_bytes_per_batch": f"{caps.elt_bytes_per_batch / 2**30:g} GiB",
        "training_jobs_per_day": str(caps.training_jobs_per_day),
        "query_bytes": f"{caps.query_bytes / 2**30:g} GiB",
    }
    text = TEXT.read_text()
    for name, part in parts.items():
        text = text.replace("{{" + name + "}}", part)
    return text


def _describe_inputs(usage: Usage) -> str:
    volume = usage["volume"]
    return (
        f"{volume['rows_per_file']:,} rows a file, {volume['bytes_per_row']} bytes a row, "
        f"{volume['days_of_history']} days of history"
    )


def _table_of_estimates(found: Sequence[Estimate]) -> str:
    services = sorted({name for one in found for name in one.by_service}, key=_rank(found[-1].by_service))
    rows = [_row(name, [f"{one.by_service.get(name, 0.0):,.2f}" for one in found]) for name in services]
    heads = [f"{one.volume.files_per_day:,.0f} files a day" for one in found]
    facts = [
        _row("ELT runs a day", [f"{one.volume.runs_per_day:,.0f}" for one in found]),
        _row("trainings a day", [f"{one.volume.trainings_per_day:,.0f}" for one in found]),
        _row("rows a day", [f"{one.volume.files_per_day * one.volume.rows_per_file:,.0f}" for one in found]),
        _row("all files are taken", ["no" if one.warnings else "yes" for one in found]),
        _row("**USD a month**", [f"**{one.usd:,.2f}**" for one in found]),
    ]
    return "\n".join([_row("", heads), _row("---", ["---:"] * len(found)), *facts, *rows])


def _rank(sums: Mapping[str, float]) -> Callable[[str], tuple[float, str]]:
    return lambda name: (-sums.get(name, 0.0), name)


def _table_of_runs(prices: Prices, usage: Usage) -> str:
    heads = [f"{count} an hour" for count in RUNS_PER_HOUR]
    rows = [_row(f"{files:,} files a day", list(_costs_of_runs(files, prices, usage))) for files in VOLUMES]
    return "\n".join([_row("", heads), _row("---", ["---:"] * len(heads)), *rows])


def _costs_of_runs(files: int, prices: Prices, usage: Usage) -> Iterator[str]:
    for count in RUNS_PER_HOUR:
        volume: Volume = describe_volume(files, usage, runs_per_hour=count)
        found = estimate(volume, prices, usage)
        short = ", files left over" if found.warnings else ""
        yield f"{found.usd:,.0f} ({bytes_per_run(volume, usage) / 2**30:,.1f} GiB a run{short})"


def _table_of_prices(prices: Prices) -> str:
    rows = [
        f"| [{price.sku}]({price.source}) | {price.usd:g} | {price.per:,.0f} {price.unit} | {price.free:,.0f} | {price.evidence} |"
        for price in prices.values()
    ]
    return "\n".join(["| SKU | USD | for | free a month | evidence |", "| --- | ---: | --- | ---: | --- |", *rows])


def _row(name: str, cells: Sequence[str]) -> str:
    return f"| {name} | {' | '.join(cells)} |"
