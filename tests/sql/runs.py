"""Runs the compiled project for a batch of checked objects."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

from tests.sql.bronze import Batch
from tests.sql.project import PROJECT, Action, actions_of, compile_graph
from tests.sql.warehouse import Warehouse

NUMBER, EPOCH = 7_000_001, 7_000_002
SILVER = ("staging.", "silver.", "ops.")


@cache
def _compiled(
    flows: tuple[str, ...],
    checked: tuple[str, ...],
    quarantined: tuple[str, ...],
    forgotten: tuple[str, ...],
    is_trial: bool,
) -> list[Action]:
    lists = {"flows": flows, "checked": checked, "quarantined": quarantined, "forgotten": forgotten}
    return actions_of(compile_graph(NUMBER, EPOCH, is_trial=is_trial, **lists))


def actions_for(batch: Batch) -> list[Action]:
    """The project as it compiles for the run. It is compiled once for equal lists of flows: only two numbers differ."""
    lists = batch.finish()
    made = _compiled(
        *(tuple(lists[name]) for name in ("flows", "checked", "quarantined", "forgotten")), is_trial=batch.is_trial
    )
    return [_numbered(action, batch) for action in made]


def _numbered(action: Action, batch: Batch) -> Action:
    assert batch.part == 0

    def number(text: str) -> str:
        return text.replace(str(NUMBER), str(batch.number)).replace(str(EPOCH), str(batch.epoch))

    return replace(action, target=number(action.target), node=json.loads(number(json.dumps(action.node))))


def run(warehouse: Warehouse, batch: Batch, layers: tuple[str, ...] = ("",)) -> None:
    """All actions of the run whose names begin so."""
    chosen = [action for action in actions_for(batch) if action.target.startswith(layers)]
    warehouse.run(chosen)


def count(warehouse: Warehouse, table: str, where: str = "TRUE") -> int:
    return int(warehouse.rows(f"SELECT COUNT(*) AS n FROM `{PROJECT}.{table}` WHERE {where}")[0]["n"])
