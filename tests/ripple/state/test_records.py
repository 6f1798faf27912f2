"""How records are read, written, found and changed, on a collection that is made up here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import pytest

from ripple.errors import RetryableError
from ripple.state.collection import Collection, EarlierVersion, SingleDocument
from ripple.state.records import STORED_NULL, Record, read_record, write_record
from ripple.state.shapes import MisfitError
from ripple.wire.events import SalesExportRequested
from tests.functions.fakes import FakeDocuments, FakeTransaction

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop(Record):
    at: dt.datetime
    doors: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Train(Record):
    name: str
    state: Literal["waiting", "gone"]
    stops: tuple[Stop, ...] = ()
    seats: Mapping[str, int] = field(default_factory=dict)
    late: bool = False
    driver: str | None = None
    platform: int | None = field(default=None, metadata=STORED_NULL)
    asked: SalesExportRequested | None = None


TRAINS = Collection(name="trains", record=Train, version=1, written_by=(), read_by=())
A_TRAIN = {
    "name": "a",
    "state": "waiting",
    "stops": [{"at": NOON, "doors": [1, 2]}],
    "seats": {"first": 4},
    "late": True,
    "platform": None,
    "asked": {"batch_id": "b", "changed_from": "x", "changed_to": "y"},
}


def test_a_document_becomes_a_record_of_records_and_back() -> None:
    train = read_record(Train, A_TRAIN)
    assert train.stops == (Stop(at=NOON, doors=(1, 2)),)
    assert train.asked == SalesExportRequested(batch_id="b", changed_from="x", changed_to="y")
    assert write_record(train) == A_TRAIN


def test_none_is_left_out_unless_it_is_stored_null() -> None:
    written = write_record(Train(name="a", state="gone"))
    assert written == {"name": "a", "state": "gone", "stops": [], "seats": {}, "late": False, "platform": None}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("name", 3, "name is 3, not str"),
        ("name", None, "name is None, not str"),
        ("state", "lost", "state is 'lost', not one of waiting, gone"),
        ("late", 1, "late is 1, not bool"),
        ("platform", True, "platform is True, not int"),
        ("platform", "1", "platform is '1', not int"),
        ("stops", {}, "stops is {}, not a list"),
        ("stops", [{"at": "noon"}], "stops.0.at is 'noon', not datetime"),
        ("stops", [{"at": NOON, "doors": [1, "x"]}], "stops.0.doors.1 is 'x', not int"),
        ("stops", [{}], "stops.0.at is missing"),
        ("seats", {"first": "four"}, "seats.first is 'four', not int"),
        (
            "asked",
            {"batch_id": "b"},
            "asked is no fact: sales.export.requested.v1: wrong or missing: changed_from, changed_to",
        ),
    ],
)
def test_a_value_of_another_type_is_named_by_its_place(name: str, value: object, said: str) -> None:
    with pytest.raises(MisfitError, match=f"^{said}$".replace("{}", r"\{\}")):
        read_record(Train, A_TRAIN | {name: value})


def test_all_that_is_wrong_is_named_together_with_the_path() -> None:
    with pytest.raises(RetryableError, match=r"^trains/a cannot be read: state is missing; late is 'no', not bool$"):
        TRAINS.read("trains/a", {"name": "a", "late": "no"})


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"sate": "gone"}, "Train has no field sate"),
        (dict.fromkeys("edcba"), "Train has no field a, b, c, d, e$"),
        ({"state": "lost"}, "state is 'lost', not one of waiting, gone"),
        ({"asked": 3}, "asked is 3, not SalesExportRequested"),
        ({"stops": (Stop(at=NOON), 3)}, "stops.1 is 3, not Stop"),
    ],
)
def test_a_change_of_what_is_no_field_or_no_value_of_it_is_refused(fields: dict[str, Any], said: str) -> None:
    documents = FakeDocuments()
    TRAINS.create(documents, "a", Train(name="a", state="waiting"))
    for change in (TRAINS.update, lambda store, id, **given: TRAINS.find(store, 1, **given)):
        with pytest.raises(TypeError, match=said):
            change(documents, "a", **fields)
    assert documents.held["trains/a"]["state"] == "waiting"


def test_what_is_no_map_is_no_record() -> None:
    with pytest.raises(MisfitError, match=r"^is 3, not a map$"):
        read_record(Train, 3)


def test_what_a_newer_release_wrote_is_neither_compared_nor_shown() -> None:
    plain, more = read_record(Train, A_TRAIN), read_record(Train, A_TRAIN | {"added_later": "secret"})
    assert more.unknown == {"added_later": "secret"}
    assert plain == more
    assert "secret" not in repr(more)


def test_a_field_that_is_emptied_stays_empty_beside_one_that_a_newer_release_wrote() -> None:
    train = read_record(Train, A_TRAIN | {"driver": "d", "added_later": 1})
    assert write_record(replace(train, driver=None)) == A_TRAIN | {"added_later": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf(Record):
    places: Mapping[str, int | None]
    bounds: tuple[str, ...] | tuple[dt.datetime, ...] | None = None


def test_a_map_may_hold_nothing_at_a_place() -> None:
    document = {"places": {"a": None, "b": 1}, "bounds": [NOON]}
    shelf = read_record(Shelf, document)
    assert (shelf.places, shelf.bounds) == ({"a": None, "b": 1}, (NOON,))
    assert write_record(shelf) == document


def test_of_a_value_that_no_arm_takes_the_first_ones_word_stands() -> None:
    with pytest.raises(MisfitError, match=r"^bounds\.0 is 3, not str$"):
        read_record(Shelf, {"places": {}, "bounds": [3]})


def test_a_change_touches_no_other_field() -> None:
    documents = FakeDocuments()
    documents.held["trains/a"] = A_TRAIN | {"added_later": 1}
    TRAINS.update(documents, "a", platform=4, stops=(Stop(at=NOON),))
    assert documents.held["trains/a"] == A_TRAIN | {
        "added_later": 1,
        "platform": 4,
        "stops": [{"at": NOON, "doors": []}],
    }


def test_records_are_created_got_found_and_deleted_by_their_ids() -> None:
    documents = FakeDocuments()
    assert TRAINS.create(documents, 1, Train(name="a", state="waiting"))
    assert not TRAINS.create(documents, 1, Train(name="b", state="gone"))
    documents.run(lambda transaction, _now: TRAINS.set(transaction, 2, Train(name="c", state="gone", platform=4)))
    assert [(id, train.name) for id, train in TRAINS.find(documents, 9, state="gone", platform=4)] == [("2", "c")]
    assert {id: train.name for id, train in TRAINS.get_many(documents, [1, 2, 3]).items()} == {1: "a", 2: "c"}
    assert TRAINS.expect(documents, 1) == Train(name="a", state="waiting")
    TRAINS.delete(documents, 1)
    assert TRAINS.get(documents, 1) is None
    with pytest.raises(RetryableError, match="trains/1 is missing"):
        TRAINS.expect(documents, 1)


def test_one_that_cannot_be_read_does_not_hold_back_those_before_it() -> None:
    documents = FakeDocuments()
    TRAINS.create(documents, 1, Train(name="a", state="waiting"))
    documents.held["trains/2"] = {"name": "garbled"}
    found = TRAINS.find(documents, 9)
    assert next(found)[1].name == "a"
    with pytest.raises(RetryableError, match="trains/2"):
        next(found)


def test_a_query_is_made_when_it_is_asked_for_and_not_when_its_records_are_taken() -> None:
    held: dict[str, Any] = {"trains/1": A_TRAIN}
    transaction = FakeTransaction(held)
    found = TRAINS.find(transaction, 9)
    TRAINS.set(transaction, 2, Train(name="b", state="gone"))
    assert [id for id, _ in found] == ["1"]


def test_the_one_document_of_a_collection_is_a_record_of_defaults_until_somebody_writes_it() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Clock(Record):
        ticks: int = 0

    clock = SingleDocument(Collection(name="clocks", record=Clock, version=1, written_by=(), read_by=()), "main")
    documents = FakeDocuments()
    assert (clock.path, clock.get(documents)) == ("clocks/main", Clock())
    documents.run(lambda transaction, _now: clock.set(transaction, Clock(ticks=3)))
    assert clock.get(documents) == Clock(ticks=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wagon(Record):
    wheels: int
    color: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OldWagon(Record):
    axles: int
    color: str


WAGONS = Collection(
    name="wagons",
    record=Wagon,
    version=2,
    written_by=(),
    read_by=(),
    older={1: EarlierVersion(OldWagon, lambda old: Wagon(wheels=2 * old.axles, color=old.color))},
)


def test_a_document_of_an_earlier_version_becomes_a_record_of_today() -> None:
    assert WAGONS.read("wagons/1", {"axles": 4, "color": "red"}) == Wagon(wheels=8, color="red")
    assert WAGONS.read("wagons/1", {"wheels": 8, "color": "red", "version": 2}) == Wagon(wheels=8, color="red")
    assert WAGONS.write(Wagon(wheels=8, color="red"))["version"] == 2
    for version in (3, "1", [1], None):
        with pytest.raises(RetryableError, match=r"is of version .*; this release reads 1 and 2"):
            WAGONS.read("wagons/1", {"wheels": 8, "color": "red", "version": version})
    many = replace(WAGONS, version=3, older={2: WAGONS.older[1], 1: WAGONS.older[1]})
    with pytest.raises(RetryableError, match="this release reads 1 and 2 and 3"):
        many.read("wagons/1", {"version": 9})


def test_a_change_must_suit_every_version_that_may_be_stored() -> None:
    documents = FakeDocuments()
    documents.held["wagons/1"] = {"axles": 4, "color": "red"}
    WAGONS.update(documents, 1, color="blue")
    with pytest.raises(TypeError, match="OldWagon has no field wheels"):
        WAGONS.update(documents, 1, wheels=6)
    assert WAGONS.get(documents, 1) == Wagon(wheels=8, color="blue")
