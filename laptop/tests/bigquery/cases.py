"""The cases in `cases/*.yaml`: GoogleSQL, and what BigQuery answers.

`wanted` and `type` are an expression's value and type; `columns` (names and types) and `rows` a query's answer. `error` is a part of our
message where BigQuery refuses too, `refused` where BigQuery would answer and the laptop says that it does not. `reference: false`
marks what GoogleSQL's reference evaluator cannot judge: BigQuery's documentation says it then.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from laptop.tests.bigquery.answers import Answer, Refusal, same
from laptop.tests.bigquery.reference import Reference
from laptop.tests.bigquery.warehouse import Warehouse, open_warehouse

Case = dict[str, Any]
FOLDER = Path(__file__).with_name("cases")


def read_cases(*names: str) -> list[Case]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found = [yaml.load((FOLDER / f"{name}.yaml").read_text(), loader) for name in names]
    return list(itertools.chain.from_iterable(found))


def statement(case: Case) -> str:
    return str(case["sql"]) if "rows" in case or _is_query(case) else f"SELECT {case['sql']} AS v"


def _is_query(case: Case) -> bool:
    return str(case["sql"]).split(" ", 1)[0] in ("SELECT", "WITH")


def wanted_answer(case: Case) -> Answer:
    if "rows" in case:
        return Answer(names=list(case["columns"]), types=list(case["columns"].values()), rows=case["rows"])
    return Answer(names=["v"], types=[case["type"]], rows=[[case["wanted"]]])


def agrees(found: Answer | Refusal, wanted: Answer) -> bool:
    return (
        isinstance(found, Answer)
        and (found.names, found.types) == (wanted.names, wanted.types)
        and same(found.rows, wanted.rows)
    )


def disagreement(warehouse: Warehouse, case: Case) -> Any:
    """What the laptop answers, if that is not what the case says; else None."""
    found = warehouse.ask(statement(case))
    said = case.get("error") or case.get("refused")
    if said is not None:
        return None if isinstance(found, Refusal) and said in found.message else found
    return None if agrees(found, wanted_answer(case)) else found


def reference_disagreement(reference: Reference, case: Case) -> Any:
    """What the reference evaluator answers, if that is not what the case says of BigQuery; else None."""
    if not case.get("reference", True):
        return None
    found = reference.ask(statement(case))
    if "error" in case or "refused" in case:
        return None if isinstance(found, Refusal) == ("error" in case) else found
    return None if agrees(found, wanted_answer(case)) else found


def temporary_warehouse() -> Iterator[Warehouse]:
    with tempfile.TemporaryDirectory() as folder, open_warehouse(Path(folder)) as warehouse:
        yield warehouse
