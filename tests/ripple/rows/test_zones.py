"""Local times of a zone around every change of its clocks, as the database itself lists them."""

from __future__ import annotations

import datetime as dt
import struct
from bisect import bisect_left
from importlib.resources import files
from itertools import pairwise

import pytest

from ripple.rows.timestamps import Refusal, parse_timestamp
from ripple.rows.zones import FOLD, GAP, offset_at, read_zone, zone_names
from tests.ripple.rows.test_timestamps import read_column

ZONES = (
    "Europe/Berlin", "Europe/Dublin", "America/New_York", "America/St_Johns", "America/Sao_Paulo", "Australia/Lord_Howe",
    "Africa/Casablanca", "Africa/Cairo", "Asia/Tehran", "Asia/Kolkata", "Pacific/Apia", "Pacific/Kwajalein", "Antarctica/Troll",
)  # fmt: skip
NAIVE = dt.datetime(1970, 1, 1, tzinfo=dt.UTC).replace(tzinfo=None)
FROM, UNTIL = 0, (dt.datetime(2038, 1, 1, tzinfo=dt.UTC).replace(tzinfo=None) - NAIVE) // dt.timedelta(seconds=1)
LEAST_APART = 3 * 86_400


def list_changes(name: str) -> list[tuple[int, int, int]]:
    """`(instant, offset before, offset after)` of a zone's file (RFC 8536): its second block, whose times have 64 bits."""
    content = files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()
    utc, wall, leaps, times, kinds, letters = struct.unpack(">6l", content[20:44])
    begin = 44 + times * 5 + kinds * 6 + letters + leaps * 8 + wall + utc
    *_, times, kinds, _letters = struct.unpack(">6l", content[begin + 20 : begin + 44])
    at = begin + 44
    instants = struct.unpack(f">{times}q", content[at : at + 8 * times])
    which = content[at + 8 * times : at + 9 * times]
    offsets = [struct.unpack_from(">l", content, at + 9 * times + 6 * kind)[0] for kind in range(kinds)]
    before = [offsets[0], *(offsets[kind] for kind in which)]
    return [(instant, was, offsets[kind]) for instant, was, kind in zip(instants, before, which, strict=False)]


def list_later(name: str, after: int) -> list[tuple[int, int, int]]:
    """The changes that only the rule at the end of a file says, found in UTC, to the second."""

    zone = read_zone(name)

    def east(at: int) -> int:
        return int((dt.datetime.fromtimestamp(at, zone).utcoffset() or dt.timedelta()).total_seconds())

    def first_unlike(begin: int, end: int) -> int:
        was = east(begin)
        return begin + bisect_left(range(begin, end), True, key=lambda at: east(at) != was)

    steps = pairwise(range(after, UNTIL, 6 * 3600))
    return [(first_unlike(a, b), east(a), east(b)) for a, b in steps if east(a) != east(b)]


def wanted_at(local: int, changes: list[tuple[int, int, int]]) -> int | Refusal:
    """The instant of a local second by the list: of each offset, only within the time that it held."""
    bounds = [-(2**62), *(instant for instant, _, _ in changes), 2**62]
    offsets = [changes[0][1], *(after for _, _, after in changes)] if changes else []
    held = {
        local - east
        for east, begin, end in zip(offsets, bounds, bounds[1:], strict=False)
        if begin <= local - east < end
    }
    if len(held) > 1:
        return Refusal("timestamp_in_fold")
    return held.pop() * 1_000_000 if held else Refusal("timestamp_in_gap")


@pytest.mark.parametrize("name", ZONES)
def test_times_around_every_change_from_1970_to_2037_are_read_or_refused_by_name(name: str) -> None:
    listed = list_changes(name)
    changes = [*listed, *list_later(name, max(FROM, listed[-1][0]))]
    near = [change for change in changes if FROM <= change[0] < UNTIL]
    locals_ = sorted(
        {
            at + east + by
            for at, *easts in near
            for east in easts
            for by in (-5400, -1, 0, 1, 1799, 1800, 3599, 3600, 43200)
        }
    )
    texts = [str(NAIVE + dt.timedelta(seconds=local)) for local in locals_]
    # Where only the name of the time changes, its local times go on.
    real = [change for change in changes if change[1] != change[2]]
    wanted = [wanted_at(local, real) for local in locals_]
    grammar = ["space_naive", f"zone: {name}"]
    assert [parse_timestamp(text, grammar) for text in texts] == wanted
    assert read_column(texts, grammar) == wanted


def test_the_clocks_of_no_zone_change_twice_within_three_days() -> None:
    """Columns are read by the day: a day that begins, turns and ends at one offset has no other."""
    for name in zone_names():
        instants = [instant for instant, *_ in list_changes(name)]
        assert all(later - instant >= LEAST_APART for instant, later in pairwise(instants)), name


def test_a_skipped_hour_and_a_repeated_one_have_names() -> None:
    zone = read_zone("Europe/Berlin")
    assert offset_at(zone, dt.datetime.fromisoformat("2026-03-29T02:30")) == GAP
    assert offset_at(zone, dt.datetime.fromisoformat("2026-10-25T02:30")) == FOLD
    assert offset_at(zone, dt.datetime.fromisoformat("2026-07-01T02:30")) == 7200


@pytest.mark.parametrize(
    "text", ["0001-01-01 00:00:00", "0001-01-02 12:00:00", "9999-12-31 23:59:59", "9999-12-31 10:00:00"]
)
@pytest.mark.parametrize("name", ["Europe/Berlin", "America/New_York", "Pacific/Apia", "UTC"])
def test_at_the_ends_of_time_both_readers_agree(name: str, text: str) -> None:
    grammar = ["space_naive", f"zone: {name}"]
    assert read_column([text], grammar) == [parse_timestamp(text, grammar)]


def test_a_text_with_a_zone_does_not_ask_the_declared_one() -> None:
    grammar = ["iso_zoned", "space_naive", "zone: Asia/Tokyo"]
    texts = ["2026-01-02T03:04:05Z", "2026-01-02 12:04:05"]
    assert read_column(texts, grammar) == [1767323045000000] * 2
