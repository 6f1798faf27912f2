"""A platform in the middle of its work, so that an event which is almost right reaches the depths of its handler."""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib
import json
from typing import Any

from ripple.handling.shell import Handler
from ripple.ports import Document
from tests.functions.fakes import NOW
from tests.functions.junk.pushes import FACTS
from tests.functions.junk.refusing import RefusingEdge
from tests.ripple.rows.sample_rows import a_click, an_order


def stage_of(name: str) -> Handler[RefusingEdge]:
    react: Handler[RefusingEdge] = importlib.import_module(f"functions.{name}.stage").react
    return react


def an_edge() -> RefusingEdge:
    """Batch 7 is live under epoch 9 and its dataset in training; two objects lie in Bronze, a manifest in landing."""
    edge = RefusingEdge()
    edge.objects.put("ripple-test-bronze", "clickstream/dt=2026-01-01/part-1.jsonl", json.dumps(a_click()).encode())
    edge.objects.put("ripple-test-landing", "sales/b-1.json", json.dumps(a_manifest()).encode())
    edge.objects.put("ripple-test-models", "spec.json", b'{"root": {}}')
    edge.sales.orders["o-1"] = an_order()
    edge.documents.held |= _documents()
    return edge


def a_manifest(**changed: Any) -> dict[str, Any]:
    ids = hashlib.sha256(b"o-1").hexdigest()
    promise = {"batch_id": "b-1", "collection": "sales", "window_from": "2026-01-01", "count": 1, "checksum": ids}
    return promise | changed


def _documents() -> dict[str, Document]:
    run = {
        "batch": 7,
        "epoch": 9,
        "lease_until": NOW + dt.timedelta(hours=1),
        "cause": "e-0",
        "execution": "executions/1",
    }
    landed = FACTS["bronze.object.landed.v1"]
    job = FACTS["training.job.finished.v1"]["job"]
    return {
        "elt/head": {"run": run, "epoch": 9, "next": 8, "replays": []},
        "batches/7": {
            "epoch": 9, "state": "running", "execution": "executions/1", "attempts": 0, "files": 1, "flows": ["sales"],
            "dt_from": "2026-01-01", "dt_to": "2026-01-01", "correlation_id": "c", "correlation_ids": ["c"], "cause": "e-0",
        },
        "files/f-1": {
            "uri": landed["uri"], "generation": 17, "state": "landed", "batch": None, "flow": "clickstream",
            "dt": "2026-01-01", "fact": landed, "correlation_id": "c", "claimed_at": NOW,
        },
        "trainings/7": {
            "train": True, "superseded": False, "reason": "newest", "run": FACTS["elt.run.succeeded.v1"], "attempts": 1,
            "job": job, "decided_at": NOW, "spec_digest": "d", "ended": False,
        },
    }  # fmt: skip
