"""The clickstream generator on one core, its world included, beside the loop that one would write with Faker."""

from __future__ import annotations

import json
import random
import tempfile
import time
from pathlib import Path

from faker import Faker

from tests.bench.measuring import Figure, python, run

_WINDOW = ["--from", "2025-11-01", "--to", "2026-11-01", "--batch-id", "bench"]
_NAIVE_ROWS = 10_000


def measure() -> list[Figure]:
    rows, seconds, peak = _generate(customers=25_000)
    many, _, most = _generate(customers=172_000)
    naive = _NAIVE_ROWS / _time_naive()
    return [
        Figure(
            what=f"clickstream generator on one core, world simulation and dirt included, {rows:,} rows of JSONL",
            measured=f"{rows / seconds:,.0f} rows/s, {peak:,.0f} MiB",
            rival=f"a Faker loop: {naive:,.0f} rows/s",
            bar="300,000 rows/s",
            holds=rows / seconds >= 300_000,
        ),
        Figure(
            what=f"the same at {many:,} rows",
            measured=f"{most:,.0f} MiB at most",
            bar="bounded memory at 10^7 rows",
            holds=many >= 10**7 and most < 2 * peak,
        ),
    ]


def _generate(customers: int) -> tuple[int, float, float]:
    """`(rows, seconds, peak MiB)` of the best of two runs."""
    runs = []
    for _ in range(2):
        with tempfile.TemporaryDirectory() as folder:
            words = python("-m", "generators.clickstream", *_WINDOW, "--customers", str(customers), "--out", folder)
            ended = run(words, one_core=True)
            totals = [json.loads(path.read_text()) for path in Path(folder).rglob("totals-*.json")]
            runs.append((sum(total["rows_in"] for total in totals), ended.seconds, ended.peak_mib))
    return min(runs, key=lambda found: found[1])


def _time_naive() -> float:
    """Seconds for as many rows as anyone would first write it: a dict of Faker calls a row, then JSON."""
    fake, dice = Faker(), random.Random(7)
    begun = time.perf_counter()
    with tempfile.TemporaryFile("w") as file:
        for number in range(_NAIVE_ROWS):
            at = fake.date_time_between("-1y")
            row = {
                "event_id": fake.uuid4(),
                "session_id": fake.uuid4(),
                "visitor_token": fake.sha256(),
                "occurred_at": at.isoformat(),
                "ingested_at": at.isoformat(),
                "event_type": dice.choice(["page_view", "product_view", "add_to_cart", "checkout"]),
                "sequence": number % 10,
                "page": fake.uri_path(),
                "product_id": fake.ean13(),
                "referrer": fake.uri(),
                "device": fake.user_agent(),
                "dwell_ms": dice.randrange(60_000),
                "ip_prefix": fake.ipv4(network=True),
            }
            file.write(json.dumps(row) + "\n")
    return time.perf_counter() - begun
