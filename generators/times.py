"""Ways in which sources write a moment: some that the contracts read, some that they refuse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from email.utils import format_datetime

Writer = Callable[[dt.datetime, int], str | int]
_ZONES = tuple(dt.timezone(dt.timedelta(minutes=minutes)) for minutes in (120, -300, 330, 540))


def as_moment(value: dt.datetime | str) -> dt.datetime:
    return value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(value)


def iso_offset(moment: dt.datetime, draw: int) -> str:
    return moment.astimezone(_ZONES[draw % len(_ZONES)]).isoformat(timespec="milliseconds")


def iso_nanoseconds(moment: dt.datetime, draw: int) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}{draw % 1000:03d}Z"


def epoch_millis(moment: dt.datetime, _draw: int) -> int:
    return epoch_seconds(moment, 0) * 1000 + moment.microsecond // 1000


def epoch_seconds(moment: dt.datetime, _draw: int) -> int:
    return (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(seconds=1)


def rfc_2822(moment: dt.datetime, _draw: int) -> str:
    return format_datetime(moment)


def naive(moment: dt.datetime, _draw: int) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}"


def slashed(moment: dt.datetime, _draw: int) -> str:
    return f"{moment:%d/%m/%Y %H:%M}"


def slashed_date(moment: dt.datetime, _draw: int) -> str:
    """Day and month both under 13, so that which is which cannot be known."""
    return f"{1 + moment.day % 12:02d}/{moment:%m/%Y}"


def word_now(_moment: dt.datetime, _draw: int) -> str:
    return "now"


def hour_24(moment: dt.datetime, _draw: int) -> str:
    return f"{moment:%Y-%m-%d}T24:00:00Z"


LINE_KEPT: tuple[Writer, ...] = (iso_offset, iso_nanoseconds, epoch_millis)
LINE_REFUSED: tuple[tuple[str, Writer], ...] = (("timestamp_without_zone", naive), ("timestamp_ambiguous", slashed))
DOCUMENT_KEPT: tuple[Writer, ...] = (iso_offset, rfc_2822, epoch_seconds, epoch_millis)
DOCUMENT_REFUSED: tuple[tuple[str, Writer], ...] = (
    ("timestamp_unparseable", word_now),
    ("timestamp_unparseable", hour_24),
    ("timestamp_ambiguous", slashed_date),
)
