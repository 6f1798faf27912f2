"""Documents: create says who was first, queries compare as Firestore does, transactions are all or nothing."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest

from tests.ripple.ports.conftest import Ports

AT = dt.datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=dt.UTC)


@pytest.fixture
def documents(ports: Ports) -> Any:
    return ports.get("documents")


def test_only_the_first_create_counts(documents: Any) -> None:
    assert documents.create("firsts/a", {"n": 1})
    assert not documents.create("firsts/a", {"n": 2})
    assert documents.get("firsts/a") == {"n": 1}


def test_values_come_back_as_they_were(documents: Any) -> None:
    held = {"at": AT, "none": None, "list": [1, "b"], "map": {"x": 1.5, "y": {"z": True}}, "text": "é"}
    documents.create("values/a", held)
    assert documents.get("values/a") == held


def test_what_is_not_there_is_none(documents: Any) -> None:
    assert documents.get("nothing/a") is None
    documents.delete("nothing/a")


def test_several_are_read_at_once_and_the_missing_left_out(documents: Any) -> None:
    documents.create("several/a", {"n": 1})
    documents.create("several/b", {"n": 2})
    assert documents.get_many(["several/a", "several/x", "several/b"]) == {"several/a": {"n": 1}, "several/b": {"n": 2}}
    assert documents.get_many([]) == {}


def test_an_update_replaces_the_fields_it_names(documents: Any) -> None:
    documents.create("updates/a", {"kept": 1, "map": {"x": 1}})
    documents.update("updates/a", {"map": {"y": 2}, "new": 3})
    assert documents.get("updates/a") == {"kept": 1, "map": {"y": 2}, "new": 3}


def test_an_update_of_what_is_not_there_is_an_error(documents: Any) -> None:
    with pytest.raises(Exception, match="updates/none"):
        documents.update("updates/none", {"n": 1})


def test_a_deleted_document_is_gone(documents: Any) -> None:
    documents.create("deletes/a", {"n": 1})
    documents.delete("deletes/a")
    assert documents.get("deletes/a") is None


def test_queries_compare_null_and_leave_out_what_lacks_the_field(documents: Any) -> None:
    for name, document in (
        ("c", {"n": None, "k": 1}),
        ("a", {"n": None, "k": 1}),
        ("b", {"n": 5, "k": 1}),
        ("d", {"k": 1}),
    ):
        documents.create(f"queries/{name}", document)
    assert [name for name, _ in documents.find("queries", {"n": None, "k": 1}, 10)] == ["a", "c"]
    assert [name for name, _ in documents.find("queries", {}, 3)] == ["a", "b", "c"]
    assert documents.find("queries", {"n": 5}, 10) == [("b", {"n": 5, "k": 1})]


def test_a_transaction_writes_all_or_nothing(documents: Any) -> None:
    documents.create("whole/a", {"n": 1})

    def work(transaction: Any, _now: dt.datetime) -> int:
        held = transaction.get("whole/a")
        transaction.update("whole/a", {"n": held["n"] + 1})
        transaction.set("whole/b", {"n": 9})
        transaction.delete("whole/c")
        return int(held["n"])

    def break_off(transaction: Any, now: dt.datetime) -> None:
        work(transaction, now)
        raise KeyError("broken off")

    assert documents.run(work) == 1
    with pytest.raises(KeyError):
        documents.run(break_off)
    assert documents.get("whole/a") == {"n": 2}
    assert documents.get("whole/b") == {"n": 9}


def test_transactions_that_count_together_lose_no_count(documents: Any, ports: Ports) -> None:
    documents.create("races/a", {"n": 1})
    seen = []

    def count(transaction: Any, _now: dt.datetime) -> None:
        seen.append(transaction.get("races/a")["n"])
        if len(seen) == 1:
            ports.meanwhile(lambda: documents.run(count))
        transaction.update("races/a", {"n": seen[-1] + 1})

    documents.run(count)
    ports.finish()
    assert documents.get("races/a") == {"n": 3}


def test_a_write_beside_a_transaction_comes_before_it_or_after_it(documents: Any, ports: Ports) -> None:
    documents.create("races/b", {"n": 1})
    seen = []

    def work(transaction: Any, _now: dt.datetime) -> None:
        held = transaction.get("races/b")
        seen.append(held)
        if len(seen) == 1:
            ports.meanwhile(lambda: documents.update("races/b", {"other": 1}))
        transaction.set("races/b", held | {"n": held["n"] + 1})

    documents.run(work)
    ports.finish()
    assert documents.get("races/b") == {"n": 2, "other": 1}


def test_of_two_that_find_a_place_free_one_takes_it(documents: Any, ports: Ports) -> None:
    begun = []

    def sit(transaction: Any, _now: dt.datetime) -> None:
        taken = transaction.find("seats", {"room": 1}, 10)
        begun.append(taken)
        if len(begun) == 1:
            ports.meanwhile(lambda: documents.run(sit))
        if not taken:
            transaction.set(f"seats/{len(begun)}", {"room": 1})

    documents.run(sit)
    ports.finish()
    assert len(documents.find("seats", {"room": 1}, 10)) == 1


def test_a_transaction_whose_read_is_refused_runs_again(laptop_ports: Ports) -> None:
    """Google's client alone gives up there: it tries again what was refused at its commit."""
    documents = laptop_ports.get("documents")
    has_read, has_written = threading.Event(), threading.Event()
    seen: list[object] = []

    def younger(transaction: Any, _now: dt.datetime) -> None:
        seen.append(transaction.get("ages/x"))
        has_read.set()
        assert has_written.wait(10)
        transaction.get("ages/y")

    def older(transaction: Any, _now: dt.datetime) -> None:
        transaction.get("ages/y")
        laptop_ports.meanwhile(lambda: documents.run(younger))
        assert has_read.wait(10)
        transaction.set("ages/x", {"n": 1})

    documents.run(older)
    has_written.set()
    laptop_ports.finish()
    assert seen == [None, {"n": 1}]


def test_a_transaction_that_only_asks_the_time_keeps_nobody_waiting(laptop_ports: Ports) -> None:
    documents = laptop_ports.get("documents")

    def work(_transaction: Any, _now: dt.datetime) -> None:
        for path in ("elt/head", "clock/now"):
            documents.create(path, {"n": 1})

    documents.run(work)
    assert documents.get("elt/head") == {"n": 1}


def test_the_read_time_is_the_stores_and_in_utc(documents: Any) -> None:
    first, second = (documents.run(lambda _transaction, now: now) for _ in range(2))
    assert first.utcoffset() == dt.timedelta(0)
    assert first <= second
