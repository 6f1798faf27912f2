"""`python -m laptop.dataform` serves; `python -m laptop.dataform test DIR --bigquery HOST:PORT` runs a project's unit tests."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from laptop.dataform.server import start
from laptop.dataform.testing import UnitTestOutcome, run_tests
from laptop.hosting import Hosting, run_alone


def _test(arguments: list[str]) -> int:
    """0 if all tests pass, 1 if one fails, 2 if the project does not compile or has no test."""
    parser = argparse.ArgumentParser(prog="python -m laptop.dataform test")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--bigquery", metavar="HOST:PORT", help="a BigQuery that runs; without it one is started")
    parser.add_argument("--var", action="append", default=[], metavar="NAME=VALUE")
    given = parser.parse_args(arguments)
    override = {"vars": dict(pair.split("=", 1) for pair in given.var)}
    with tempfile.TemporaryDirectory() as cache:
        try:
            outcomes = asyncio.run(_run(given.folder, Path(cache), given.bigquery, override))
        except ValueError as error:
            print(error, file=sys.stderr)  # noqa: T201 - a command's answer
            return 2
    return _report(outcomes)


async def _run(
    folder: Path, cache: Path, address: str | None, override: dict[str, dict[str, str]]
) -> list[UnitTestOutcome]:
    if address:
        return await run_tests(folder, cache, address, override)
    from laptop.bigquery.server import start as start_bigquery

    state = cache / "bigquery"
    state.mkdir()
    bigquery = await start_bigquery(Hosting(state=state))
    try:
        return await run_tests(folder, cache, bigquery.address, override)
    finally:
        await bigquery.stop()


def _report(outcomes: list[UnitTestOutcome]) -> int:
    for outcome in outcomes:
        print(f"{'FAILED' if outcome.problem else 'passed'} {outcome.name} {outcome.problem}".rstrip())  # noqa: T201
    if not outcomes:
        return 2
    return 1 if any(outcome.problem for outcome in outcomes) else 0


def main(arguments: list[str]) -> int:
    """The exit code of the command."""
    if arguments[:1] == ["test"]:
        return _test(arguments[1:])
    run_alone(start, "dataform")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
