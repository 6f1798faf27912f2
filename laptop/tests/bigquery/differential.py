"""Generated queries over small typed tables: the laptop's answer against that of GoogleSQL's reference evaluator.

`python -m laptop.tests.bigquery.differential --seconds 3600` searches on; `--seed 12` replays one query. A refusal by the laptop is
no difference (it is loud); an answer where the reference refuses, or another answer, is.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from laptop.tests.bigquery.answers import Answer, Refusal, same
from laptop.tests.bigquery.cases import temporary_warehouse
from laptop.tests.bigquery.queries import TABLES, Query, make_query
from laptop.tests.bigquery.reference import Reference
from laptop.tests.bigquery.warehouse import Warehouse


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A seed, its query, and the two answers."""

    seed: int
    sql: str
    laptop: Answer | Refusal
    reference: Answer | Refusal

    def __str__(self) -> str:
        return f"seed {self.seed}: {self.sql}\n  laptop    {self.laptop}\n  reference {self.reference}"


def create_tables(warehouse: Warehouse) -> None:
    for name, rows in TABLES.items():
        warehouse.run(f"CREATE TABLE shop.{name} AS SELECT * FROM {rows}")


def compare(warehouse: Warehouse, reference: Reference, seed: int) -> Difference | None:
    """None also where the laptop refuses."""
    query = make_query(random.Random(seed))
    found = warehouse.ask(query.sql, dataset="shop")
    if isinstance(found, Refusal):
        return None
    wanted = reference.ask(query.on_literals())
    if agree(found, wanted, query):
        return None
    return Difference(seed=seed, sql=query.sql, laptop=found, reference=wanted)


def agree(found: Answer, wanted: Answer | Refusal, query: Query) -> bool:
    """Rows in order where the query orders them, else as a bag."""
    if isinstance(wanted, Refusal):
        return False
    if (found.names, found.types) != (wanted.names, wanted.types):
        return False
    rows = (found.rows, wanted.rows) if query.ordered else (sorted_rows(found.rows), sorted_rows(wanted.rows))
    return same(*rows)


def sorted_rows(rows: list[list[Any]]) -> list[list[Any]]:
    return sorted(
        rows, key=lambda row: [f"{cell + 0.0:.9g}" if isinstance(cell, float) else repr(cell) for cell in row]
    )


def search(warehouse: Warehouse, reference: Reference, seeds: Iterator[int], seconds: float) -> Iterator[Difference]:
    """Differences until that much CPU is used up."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        found = compare(warehouse, reference, next(seeds))
        if found is not None:
            yield found


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="seconds of CPU (60)")
    parser.add_argument("--first", type=int, help="the first seed (by the clock)")
    parser.add_argument("--seed", type=int, help="replay this one query")
    options = parser.parse_args(arguments)
    for warehouse in temporary_warehouse():
        create_tables(warehouse)
        if options.seed is not None:
            sys.stdout.write(make_query(random.Random(options.seed)).sql + "\n")
            sys.stdout.write(f"{compare(warehouse, Reference(), options.seed) or 'no difference'}\n")
            return 0
        return report(warehouse, options.first or time.time_ns() // 1_000_000_000 * 1_000_000, options.seconds)
    return 0


def report(warehouse: Warehouse, first: int, seconds: float) -> int:
    seeds = iter(range(first, sys.maxsize))
    found = 0
    for difference in search(warehouse, Reference(), seeds, seconds):
        found += 1
        sys.stdout.write(f"{difference}\n")
    sys.stdout.write(f"seeds from {first}, {next(seeds) - first} queries, {found} differences\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
