"""What it costs: costs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from cli.command_line import Json, answer, app, console

if TYPE_CHECKING:
    from cli.costing import Estimate


@app.command()
def costs(
    files_per_day: Annotated[float, typer.Option(help="Bronze objects a day, spread evenly.", min=0)] = 10,
    rows_per_file: Annotated[float | None, typer.Option(help="Rows of one.", min=0)] = None,
    bytes_per_row: Annotated[float | None, typer.Option(help="Bytes of a row as it is stored.", min=0)] = None,
    days_of_history: Annotated[float | None, typer.Option(help="Days of rows that the tables hold.", min=0)] = None,
    runs_per_hour: Annotated[int | None, typer.Option(help="RIPPLE_ELT_RUNS_PER_HOUR; 0 is no cap.", min=0)] = None,
    jobs_per_day: Annotated[int | None, typer.Option(help="RIPPLE_TRAINING_JOBS_PER_DAY; 0 is no cap.", min=0)] = None,
    as_json: Json = False,
) -> None:
    """Estimate a month's cost at a volume, by service, from docs/costs/prices.yaml and docs/costs/usage.yaml."""
    from cli.costing import estimate, read_prices, read_usage
    from cli.volume import describe_volume

    usage = read_usage()
    volume = describe_volume(
        files_per_day,
        usage,
        rows_per_file=rows_per_file,
        bytes_per_row=bytes_per_row,
        days_of_history=days_of_history,
        runs_per_hour=runs_per_hour,
        jobs_per_day=jobs_per_day,
    )
    found = estimate(volume, read_prices(), usage)
    if as_json:
        answer(asdict(found) | {"usd": found.usd, "by_service": found.by_service}, True)
        return
    _show(found)


def _show(found: Estimate) -> None:
    from cli.costing import show_amount

    table = Table(title=f"USD {found.usd:,.2f} a month")
    for column in ("service", "what", "a month", "of it free", "USD"):
        table.add_column(column, overflow="fold")
    for line in found.lines:
        amounts = (show_amount(line.quantity, line.unit), show_amount(line.free, line.unit), f"{line.usd:,.2f}")
        table.add_row(line.service, line.what, *amounts)
    Console().print(table)
    for warning in found.warnings:
        console.print(f"[yellow]{warning}[/yellow]", highlight=False)
    said = "an estimate by docs/costs/prices.yaml, which is no price list: check it against your own; see docs/costs.md"
    console.print(said, highlight=False, style="dim")
