"""Local times of an IANA zone in UTC, by the release of the database that is locked with the code: never by the machine's own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

_PACKAGE = "tzdata"
GAP, FOLD = "gap", "fold"
"""Why a local time is no instant: the clocks skipped it, or showed it twice."""
_SECOND, _DAY = dt.timedelta(seconds=1), dt.timedelta(days=1)
_DAY_ZERO = dt.date(1970, 1, 1).toordinal()


@cache
def zone_names() -> Collection[str]:
    """Every name of the database."""
    return frozenset(files(_PACKAGE).joinpath("zones").read_text().split())


@cache
def read_zone(name: str) -> ZoneInfo:
    """A zone of `zone_names()`."""
    with files(_PACKAGE).joinpath("zoneinfo", *name.split("/")).open("rb") as stream:
        return ZoneInfo.from_file(stream, key=name)


def offset_at(zone: ZoneInfo, local: dt.datetime) -> int | str:
    """Seconds east of UTC at a local time, or why there is no such instant, or why there are two."""
    first, second = (zone.utcoffset(local.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
    assert first is not None
    assert second is not None
    if first == second:
        return first // _SECOND
    return GAP if first < second else FOLD


@cache
def offset_on(name: str, day: int) -> int | None:
    """Seconds east of UTC throughout a local day, in days since 1970; None if the clocks change on it, or it has no next day."""
    try:
        begin = dt.datetime.combine(dt.date.fromordinal(_DAY_ZERO + day), dt.time())
        ends = {offset_at(read_zone(name), at) for at in (begin, begin + _DAY / 2, begin + _DAY)}
    except (ValueError, OverflowError):
        return None
    offset = ends.pop()
    return None if ends or isinstance(offset, str) else offset
