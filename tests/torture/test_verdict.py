"""The judge of a torture run: content with a lake at peace, and with nothing less."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import pytest

from ripple.state.head import Head
from tests.ripple.state.golden import a_record
from tests.torture.verdict import Rest, judge
from tests.torture.workload import Expected
from tests.torture.writers import Acknowledged

URI = "gs://ripple-laptop-bronze/startups/dt=2022-01-01/a.jsonl"
NAME = "startups/dt=2022-01-01/a.jsonl"
EXPECTED = Expected(
    kept={"sales": set(), "clickstream": set(), "startups": {"k1", "k2"}},
    refused=Counter({("startups", NAME, 3): 1}),
    copies=Counter({("startups", "k1"): 1}),
    rows=Counter(startups=4),
)
LOG = Acknowledged(objects={NAME: (7, "md5")}, documents={"000001": 1}, messages={"m1"})
LAST = a_record("trainings", outcome="promoted", run=replace(a_record("trainings").run, dataset_version="v1"))
PEACE = Rest(
    objects={NAME: (7, "md5")},
    whole_objects={NAME},
    documents={"000001": 1},
    messages={"m1", "m2"},
    kept={"sales": [], "clickstream": [], "startups": ["k1", "k2"]},
    refused=Counter({("startups", NAME, 3): 1}),
    copies=Counter({("startups", "k1"): 1}),
    bronze={(URI, 7)},
    files=[a_record("files", uri=URI, generation=7, batch=1)],
    claimed=[(1, URI, 7)],
    batches={1: "done"},
    head=Head(next=2),
    jobs=[("v1", "PIPELINE_STATE_SUCCEEDED"), ("v0", "PIPELINE_STATE_FAILED")],
    last_training=LAST,
    newest_dataset="v1",
)


def failing(rest: Rest) -> list[str]:
    return [finding.what for finding in judge(rest, EXPECTED, LOG) if not finding.holds]


def test_a_lake_at_peace_has_no_finding() -> None:
    assert failing(PEACE) == []


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda rest: rest.objects.clear(), "acknowledged objects"),
        (lambda rest: rest.objects.update({NAME: (8, "md5")}), "acknowledged objects"),
        (lambda rest: rest.whole_objects.clear(), "every byte"),
        (lambda rest: rest.documents.clear(), "acknowledged documents"),
        (lambda rest: rest.messages.clear(), "acknowledged messages"),
        (lambda rest: rest.kept["startups"].remove("k2"), "silver has exactly"),
        (lambda rest: rest.kept["startups"].append("k2"), "silver has exactly"),
        (lambda rest: rest.kept["startups"].append("k3"), "silver has exactly"),
        (lambda rest: rest.refused.clear(), "quarantine has exactly"),
        (lambda rest: rest.refused.update([("startups", NAME, 4)]), "quarantine has exactly"),
        (lambda rest: rest.copies.update([("startups", "k1")]), "duplicates of the truth"),
        (lambda rest: rest.copies.clear(), "rows in = rows out"),
        (lambda rest: rest.uneven_files.append(URI), "per file"),
        (lambda rest: rest.files.clear(), "is landed"),
        (lambda rest: rest.batches.update({1: "parked"}), "committed batch"),
        (lambda rest: rest.claimed.append((2, URI, 7)), "exactly one batch"),
        (lambda rest: rest.batches.update({3: "done"}), "no gaps"),
        (lambda rest: rest.batches.update({2: "running"}), "batches are done"),
        (lambda rest: rest.jobs.append(("v1", "PIPELINE_STATE_SUCCEEDED")), "trained on twice"),
        (lambda rest: setattr(rest, "last_training", replace(LAST, outcome="failed")), "newest dataset"),
        (lambda rest: setattr(rest, "last_training", replace(LAST, train=False, superseded=True)), "newest dataset"),
        (lambda rest: setattr(rest, "last_training", None), "newest dataset"),
        (lambda rest: setattr(rest, "newest_dataset", "v2"), "newest dataset"),
        (lambda rest: setattr(rest, "head", a_record("elt-head", next=2)), "no live lease"),
        (lambda rest: setattr(rest, "head", Head(next=3)), "no live lease"),
        (lambda rest: setattr(rest, "outbox", 1), "no unsent fact"),
        (lambda rest: rest.temporary.append("storage/blobs/ab/x.part"), "no temporary"),
        (lambda rest: rest.leftovers.append("edge 12"), "no process"),
    ],
)
def test_each_loss_is_found(spoil: Callable[[Rest], object], said: str) -> None:
    rest = deepcopy(PEACE)
    spoil(rest)
    assert any(said in what for what in failing(rest)), failing(rest)
