"""What the runs of a laptop used, for `docs/costs/usage.yaml`: `python -m tests.bench.metering --state .ripple`.

Bytes are those of dry runs of the statements that Dataform ran, once more, against the tables as they are now. A table that
several statements of one script read counts once.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any

import yaml
from google.cloud.bigquery import QueryJob, QueryJobConfig

from cli import laptop_control
from cli.provisioning.clients import AdminClients
from laptop.control import read_ports


def measure(state: Path) -> dict[str, Any]:
    """Medians of seconds per request by function, and of an ELT run's jobs and bytes."""
    import os

    environ = laptop_control.environment(read_ports(state.absolute()))
    os.environ.update(environ)
    clients = AdminClients(environ)
    return {
        "function_seconds": measure_requests(state / "run" / "logs" / "functions.log"),
        "elt": measure_jobs(clients),
        "bronze_bytes": sum(blob.size for blob in clients.storage.list_blobs(f"{clients.project}-bronze")),
    }


def measure_requests(log: Path) -> dict[str, dict[str, float]]:
    """Requests by function: how many, and the median and the sum of their seconds."""
    seconds: dict[str, list[float]] = defaultdict(list)
    for line in log.read_text().splitlines():
        if line.startswith('{"timestamp"'):
            said = json.loads(line)["httpRequest"]
            seconds[said["requestUrl"].strip("/")].append(float(said["latency"].rstrip("s")))
    return {
        name: {"requests": len(found), "median": round(median(found), 3), "sum": round(sum(found), 1)}
        for name, found in sorted(seconds.items())
    }


def measure_jobs(clients: AdminClients) -> dict[str, int]:
    """Of all query jobs but those that read the ledger: how many, the tables they read, the bytes of objects and of tables."""
    found = [_meter(clients, job.query) for job in _own_jobs(clients)]
    return {"jobs": len(found), **{name: sum(one[name] for one in found) for name in found[0]}}


def _own_jobs(clients: AdminClients) -> list[QueryJob]:
    jobs = [job for job in clients.bigquery.list_jobs() if isinstance(job, QueryJob)]
    return [job for job in jobs if job.error_result is None and "ops.events" not in job.query]


def _meter(clients: AdminClients, query: str) -> dict[str, int]:
    """Jobs that read Bronze read the batch's objects; all others read tables."""
    job = clients.bigquery.query(query, job_config=QueryJobConfig(dry_run=True))
    processed = int(job.total_bytes_processed or 0)
    of_objects = any(table.dataset_id == "bronze" for table in job.referenced_tables)
    return {
        "tables": len(job.referenced_tables),
        "object_bytes": processed if of_objects else 0,
        "table_bytes": 0 if of_objects else processed,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench.metering", description=__doc__)
    parser.add_argument("--state", type=Path, default=Path(".ripple"), help="the folder of a laptop that is up")
    print(yaml.safe_dump(measure(parser.parse_args().state), sort_keys=False))
