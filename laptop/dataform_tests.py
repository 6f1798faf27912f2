"""Run the unit tests of a Dataform project on a BigQuery that runs, or on one that is started for them."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from pathlib import Path

from laptop.dataform.testing import UnitTestOutcome, run_tests
from laptop.host import start_services, stop_services
from laptop.hosting import Hosting


def run_project_tests(
    folder: Path, address: str, variables: Mapping[str, str], installed: Path | None
) -> list[UnitTestOutcome]:
    """One outcome a test; `address` is `HOST:PORT` or "". Raises ValueError if the project does not compile."""
    with tempfile.TemporaryDirectory() as cache:
        return asyncio.run(_run(folder, Path(cache), address, {"vars": dict(variables)}, installed))


async def _run(
    folder: Path, cache: Path, address: str, override: Mapping[str, Mapping[str, str]], installed: Path | None
) -> list[UnitTestOutcome]:
    if address:
        return await run_tests(folder, cache, address, override, installed)
    running = await start_services(["bigquery"], {"bigquery": Hosting(state=cache / "bigquery")})
    try:
        return await run_tests(folder, cache, running[0].address, override, installed)
    finally:
        await stop_services(running)
