"""The demo reads how far a laptop is from its state documents, objects and executions."""

from __future__ import annotations

import io

from rich.console import Console

from cli.demo.gathering import count_files, read_generator_runs, read_landed_rows
from cli.demo.pending import FileCounts, GeneratorRun
from cli.demo.reporting import print_summary
from ripple.gateways.edge import open_edge
from ripple.state.files import FILES
from ripple.state.ticks import TICKS
from tests.cli.conftest import Laptop
from tests.ripple.state.golden import a_bare_record, a_record


def test_files_are_counted_as_recorded_and_settled(laptop: Laptop) -> None:
    documents = open_edge(laptop.clients.environ).documents
    bucket = laptop.clients.storage.bucket(f"{laptop.clients.project}-bronze")
    before = count_files(laptop.clients.environ)
    bucket.blob("startups/dt=2026-01-01/demo.jsonl").upload_from_string(b"{}")
    fact = dict(a_record("files").fact, flow="startups")
    files = {
        "demo-1": a_bare_record("files", state="claimed"),
        "demo-2": a_record("files", batch=None, fact=fact | {"rows": 3}),
        "demo-3": a_record("files", batch=1, fact=fact | {"rows": 4}),
        "demo-4": a_bare_record("files", state="rejected"),
    }
    for name, file in files.items():
        FILES.create(documents, name, file)
    try:
        found = count_files(laptop.clients.environ)
        assert found == FileCounts(
            objects=before.objects + 1, recorded=before.recorded + 4, unsettled=before.unsettled + 2
        )
        assert read_landed_rows(laptop.clients.environ)["startups"] == [3, 4]
    finally:
        for name in files:
            FILES.delete(documents, name)


def test_a_tick_that_started_no_job_yet_is_no_ended_run(laptop: Laptop) -> None:
    documents = open_edge(laptop.clients.environ).documents
    TICKS.create(documents, "demo-1", a_bare_record("ticks"))
    try:
        assert read_generator_runs(laptop.clients.environ) == [GeneratorRun(tick="demo-1")]
    finally:
        TICKS.delete(documents, "demo-1")


def test_a_result_without_a_model_is_summarized() -> None:
    said = io.StringIO()
    flow = {"rows_in": 1200, "rows_silver": 1100, "rows_quarantined": 60, "rows_duplicate": 40, "objects": 3}
    result = {
        "flows": {"sales": flow},
        "stages": {"elt": 2.5},
        "events": {"a": 2},
        "seconds": 9,
        "model": {"auc": None},
    }
    print_summary(result, Console(file=said, width=120))
    assert "1,200" in said.getvalue()
    assert "2 events in 9 s: elt 2.5 s" in said.getvalue()
