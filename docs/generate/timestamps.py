"""`docs/timestamps.md`: every spelling of a time that a contract may declare."""

from __future__ import annotations

from ripple.rows.timestamp_formats import FORMATS, format_of
from ripple.rows.timestamp_patterns import DIRECTIVES, MOST_LETTERS

_HEAD = """# Timestamps

A contract names every spelling that its source uses, in the `grammar` of a field of kind `timestamp`. What is not declared is not read,
and nothing is guessed: neither the order of day and month, nor a zone, nor a century. Letters are English, whatever the locale. This page
is generated: `make docs`.

```json
"grammar": ["iso_zoned", "space_naive", {"pattern": "%d.%m.%Y %H:%M"}, {"zone": "Europe/Berlin"}]
```

Seconds may be left out where a clock of 24 hours is read, and have up to nine digits behind the point; those past the sixth are cut off. An
offset is at most 14 hours. Each unit of an epoch has its window, from 2001-09-09 to 2286-11-20, so that no number has two meanings.

| name | reads | such as | zone |
| --- | --- | --- | --- |
"""
_PATTERN = """
## Patterns

`{{"pattern": "%d.%m.%Y %H:%M"}}` is for spellings without a name. It must fit the whole text: at most {most} ASCII characters, in which all
that is no directive stands for itself. It needs a whole date; what it does not name of the time is 0. Each part may stand once. One that
ends in `Z`, ` UTC` or ` GMT` is in UTC.

| directive | reads |
| --- | --- |
"""
_ZONES = """
Any other directive is refused when the contract is read. Years of two digits have no directive, since they do not say their century.

## Zones

`{"zone": "Europe/Berlin"}` says on whose clocks the times without a zone were read; where it is not declared, they are UTC. A name is one
of the IANA database, of the release that is locked with the code (`tzdata`): the machine's own plays no part, so that a replay reads what
was read before. Two kinds of local time are no instant, and their rows are quarantined by name:

- `timestamp_in_gap`: the clocks skipped it, as when summer time begins.
- `timestamp_in_fold`: they showed it twice, as when summer time ends. Which of the two was meant, the text does not say.

## Conflicts

A grammar is refused with its contract when two of its formats could read one text as two times: `day_first` with `month_first`, or the
pattern `%Y%m%d%H` with `epoch_seconds_text`, which both read `2003092510`. The characters that each place of a text may have decide it, so
no example needs to be found. Formats of both orders of day and month are refused together even where their texts differ in length.

`iso_lower_case` has a name of its own. RFC 3339 allows `t` and `z`, but a source that writes them in one place and not in another has two
writers, and its contract says so.
"""


def write_timestamps() -> str:
    """The page: formats, directives, zones, conflicts."""
    formats = "".join(
        f"| `{name}` | {format_of(name).meaning} | `{format_of(name).example}` | {_zone_of(name)} |\n"
        for name in FORMATS
    )
    directives = "".join(f"| `{name}` | {meaning} |\n" for name, (meaning, _) in DIRECTIVES.items())
    return _HEAD + formats + _PATTERN.format(most=MOST_LETTERS) + directives + _ZONES


def _zone_of(name: str) -> str:
    return (
        "declared, or UTC"
        if format_of(name).is_naive
        else "in the text"
        if format_of(name).templates
        else "none needed"
    )
