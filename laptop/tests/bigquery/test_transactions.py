"""Transactions: snapshots, all or nothing, and which of two is aborted."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from laptop.bigquery.running.changes import run_change
from laptop.bigquery.running.scripts import end_transaction
from laptop.bigquery.running.session import Session
from laptop.bigquery.running.transactions import begin
from laptop.bigquery.sql.dialect import parse_one
from laptop.http import ApiError
from laptop.tests.bigquery.cases import temporary_warehouse
from laptop.tests.bigquery.warehouse import Warehouse

TABLES = ("a", "b")
Rows = dict[str, list[int]]


@pytest.fixture(scope="module")
def house() -> Iterator[Warehouse]:
    yield from temporary_warehouse()


@pytest.fixture
def warehouse(house: Warehouse) -> Warehouse:
    """With the tables `a` and `b`, a row of 1 in each."""
    for table in TABLES:
        house.run(f"CREATE OR REPLACE TABLE shop.{table} AS SELECT 1 AS n")
    return house


def start(warehouse: Warehouse) -> Session:
    session = warehouse.session()
    session.transaction = begin(session.engine, session.cursor)
    return session


def change(session: Session, sql: str) -> None:
    tree = parse_one(sql)
    run_change(session, tree, tree.key.upper())


def end(session: Session, kind: str) -> None:
    end_transaction(session, f"{kind}_TRANSACTION")
    session.cursor.close()


def rows_of(session: Session, table: str) -> list[int]:
    return sorted(row[0] for row in session.execute(f"SELECT n FROM shop.{table}").fetchall())


def test_of_two_transactions_that_mutate_a_table_the_later_is_aborted(warehouse: Warehouse) -> None:
    first, second = start(warehouse), start(warehouse)
    change(first, "UPDATE shop.a SET n = n + 1 WHERE TRUE")
    with pytest.raises(ApiError, match=r"aborted due to concurrent update against table demo-proj:shop\.a") as caught:
        change(second, "DELETE FROM shop.a WHERE TRUE")
    assert (caught.value.code, caught.value.reason) == (400, "invalidQuery")
    end(second, "ROLLBACK")
    end(first, "COMMIT")
    assert warehouse.answer("SELECT n FROM shop.a").rows == [[2]]


def test_what_was_mutated_since_a_transaction_began_is_a_conflict(warehouse: Warehouse) -> None:
    late = start(warehouse)
    warehouse.run("UPDATE shop.a SET n = 5 WHERE TRUE")
    assert rows_of(late, "a") == [1]
    with pytest.raises(ApiError, match="concurrent update"):
        change(late, "UPDATE shop.a SET n = n + 1 WHERE TRUE")
    end(late, "ROLLBACK")
    assert warehouse.answer("SELECT n FROM shop.a").rows == [[5]]


def test_rows_that_are_added_meanwhile_are_no_conflict(warehouse: Warehouse) -> None:
    first, second = start(warehouse), start(warehouse)
    change(first, "DELETE FROM shop.a WHERE TRUE")
    change(second, "INSERT INTO shop.a VALUES (7)")
    warehouse.run("INSERT INTO shop.a VALUES (8)")
    end(second, "COMMIT")
    end(first, "COMMIT")
    assert warehouse.answer("SELECT n FROM shop.a ORDER BY n").rows == [[7], [8]]


def test_a_table_that_was_replaced_meanwhile_is_a_conflict_for_rows_that_are_added(warehouse: Warehouse) -> None:
    late = start(warehouse)
    change(late, "INSERT INTO shop.a VALUES (7)")
    warehouse.run("CREATE OR REPLACE TABLE shop.a AS SELECT 9 AS n")
    with pytest.raises(ApiError, match="concurrent update"):
        end(late, "COMMIT")
    end(late, "ROLLBACK")
    assert warehouse.answer("SELECT n FROM shop.a").rows == [[9]]


def test_a_single_statement_waits_for_a_transaction(warehouse: Warehouse) -> None:
    first = start(warehouse)
    change(first, "UPDATE shop.a SET n = 10 WHERE TRUE")
    waiting = threading.Thread(target=warehouse.run, args=("UPDATE shop.a SET n = n + 1 WHERE TRUE",))
    waiting.start()
    end(first, "COMMIT")
    waiting.join()
    assert warehouse.answer("SELECT n FROM shop.a").rows == [[11]]


@dataclass(slots=True)
class Play:
    """A transaction and what a snapshot of its own should hold."""

    session: Session
    rows: Rows
    found: dict[str, int]
    began: int
    mutated: set[str] = field(default_factory=set)
    added: Rows = field(default_factory=lambda: {table: [] for table in TABLES})


@dataclass(slots=True)
class Model:
    """What is committed, and when each table was last mutated, counted in commits."""

    rows: Rows = field(default_factory=lambda: {table: [1] for table in TABLES})
    mutated: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TABLES, 0))
    commits: int = 0

    def conflicts(self, play: Play, table: str, others: list[Play]) -> bool:
        return self.mutated[table] > play.began or any(table in other.mutated for other in others if other is not play)

    def commit(self, play: Play) -> None:
        """A table that was mutated holds the transaction's rows and those that others have added since it began."""
        self.commits += 1
        for table in TABLES:
            if table in play.mutated:
                self.rows[table] = play.rows[table] + self.rows[table][play.found[table] :]
                self.mutated[table] = self.commits
            else:
                self.rows[table] = self.rows[table] + play.added[table]


@pytest.mark.parametrize("seed", range(12))
def test_any_interleaving_of_transactions_is_as_snapshots_are(warehouse: Warehouse, seed: int) -> None:
    chance, model, plays = random.Random(seed), Model(), list[Play]()
    for step in range(40):
        if len(plays) < 3 and chance.random() < 0.4:
            rows = {table: list(model.rows[table]) for table in TABLES}
            found = {table: len(rows[table]) for table in TABLES}
            plays.append(Play(start(warehouse), rows, found, model.commits))
        elif plays:
            _take_step(chance, model, plays, step)
    for play in plays:
        end(play.session, "ROLLBACK")
    for table in TABLES:
        found = [row[0] for row in warehouse.answer(f"SELECT n FROM shop.{table} ORDER BY n").rows]
        assert found == sorted(model.rows[table])


def _take_step(chance: random.Random, model: Model, plays: list[Play], step: int) -> None:
    play, table = chance.choice(plays), chance.choice(TABLES)
    assert rows_of(play.session, table) == sorted(play.rows[table])
    kind = chance.choice(["add", "add", "mutate", "COMMIT", "ROLLBACK"])
    if kind == "add":
        change(play.session, f"INSERT INTO shop.{table} VALUES ({step})")
        play.rows[table].append(step)
        play.added[table].append(step)
    elif kind == "mutate":
        _mutate(model, play, table, plays)
    else:
        end(play.session, kind)
        plays.remove(play)
        if kind == "COMMIT":
            model.commit(play)


def _mutate(model: Model, play: Play, table: str, plays: list[Play]) -> None:
    sql = f"UPDATE shop.{table} SET n = n + 100 WHERE TRUE"
    if not model.conflicts(play, table, plays):
        change(play.session, sql)
        play.rows[table] = [n + 100 for n in play.rows[table]]
        play.mutated.add(table)
        return
    with pytest.raises(ApiError, match="concurrent update"):
        change(play.session, sql)
    end(play.session, "ROLLBACK")
    plays.remove(play)


def raise_both(warehouse: Warehouse, times: int) -> int:
    """Add 1 to both tables, `times` times; how often it was the one that commits."""
    done = 0
    for _ in range(times):
        try:
            warehouse.run(
                "BEGIN TRANSACTION; UPDATE shop.a SET n = n + 1 WHERE TRUE; "
                "UPDATE shop.b SET n = n + 1 WHERE TRUE; COMMIT TRANSACTION"
            )
            done += 1
        except ApiError as error:
            assert "concurrent update" in error.message  # noqa: PT017 - either outcome is right
    return done


def test_threads_lose_no_update_and_a_reader_never_sees_half(warehouse: Warehouse) -> None:
    done: list[int] = []
    writers = [threading.Thread(target=lambda: done.append(raise_both(warehouse, 15))) for _ in range(2)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        [[first, second]] = warehouse.answer("SELECT (SELECT n FROM shop.a), (SELECT n FROM shop.b)").rows
        assert first == second
    assert sum(done) >= 1
    assert warehouse.answer("SELECT n FROM shop.a").rows == [[1 + sum(done)]]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("CREATE TABLE shop.c (n INT64)", "CREATE TABLE is not supported inside a transaction"),
        ("CREATE TABLE IF NOT EXISTS shop.a (n INT64)", "CREATE TABLE is not supported inside a transaction"),
        ("DROP TABLE shop.b", "DROP TABLE is not supported inside a transaction"),
        ("ASSERT FALSE AS 'no'", "Assertion failed: no"),
        ("SELECT 1 / 0", "Division by zero"),
        ("SELECT n FROM shop.nowhere", "Not found: Table"),
    ],
)
def test_a_failure_takes_the_whole_transaction_back(warehouse: Warehouse, statement: str, said: str) -> None:
    with pytest.raises(ApiError, match=said):
        warehouse.run(f"BEGIN TRANSACTION; UPDATE shop.a SET n = 2 WHERE TRUE; {statement}; COMMIT TRANSACTION")
    assert warehouse.answer("SELECT n FROM shop.a").rows == [[1]]
    warehouse.run("UPDATE shop.a SET n = 3 WHERE TRUE")
    assert warehouse.answer("SELECT n FROM shop.a").rows == [[3]]
