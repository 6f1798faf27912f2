"""What a failed run says of its cause: one that passes by itself, objects that an audit named, or neither. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ripple.wire.events import EltRunFailed

NAMED = 16
"""Characters of an object's id in `files` by which an audit names it: a message is short."""
_LONGEST = 300

# As BigQuery begins these messages. Only a beginning counts: further on, a message may quote what a row says.
_PASSING = re.compile(
    r"(?:reason: ?\"?|\w+: )?(?:"
    r"access denied|permission denied|permission \S+ denied|the caller does not have permission"
    r"|quota exceeded|exceeded rate limits|custom quota exceeded|exceeded quota"
    r"|transaction is aborted|transaction was aborted|could not serialize access"
    r"|an internal error occurred|internal error|backend ?error|service unavailable|deadline exceeded"
    r"|the job encountered an (?:internal )?error during execution|visibility check was unavailable"
    r"|(?:job|query|the job|the query)(?: execution)? was (?:cancel|stopp)|operation cancell?ed"
    r"|quotaexceeded|ratelimitexceeded|usagequotaexceeded|accessdenied|backenderror|internalerror|stopped"
    r"|50[0234]\b|429\b|403\b"
    r")",
    re.IGNORECASE,
)
_OBJECTS = re.compile(rf"objects: ((?:[0-9a-f]{{{NAMED}}},?)+)")
_VALUES = re.compile(r"\"[^\"]*\"|'[^']*'|(?<=value: ).*|\S+@\S+|-?\d[\d.,]{3,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a run failed. `action` and `message` are the first statement that did, without what rows say.

    `passes`: another try, as it is, may succeed. `objects` are the beginnings of the ids of the files that an audit names.
    """

    action: str = ""
    message: str = ""
    passes: bool = False
    objects: tuple[str, ...] = ()


def read_failure(failed: EltRunFailed) -> Failure:
    """A run of which no statement failed was ended by its surroundings: that passes."""
    stated = [one for one in failed.failed_actions if one.get("action")]
    lasting = [one for one in stated if not _PASSING.match(one.get("message", ""))]
    first = next(iter(lasting or stated), {})
    return Failure(
        action=first.get("action", ""),
        message=hide_values(first.get("message") or failed.reason),
        passes=not lasting,
        objects=_find_objects(lasting),
    )


def _find_objects(actions: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """By the audits among the failed statements: another one that failed is looked at when these objects are out of its way."""
    named = [_OBJECTS.search(one.get("message", "")) for one in actions]
    return tuple(dict.fromkeys(id for found in named if found for id in found[1].strip(",").split(",")))


def hide_values(message: str) -> str:
    """A message in a line, without quoted text, numbers of four digits and addresses: they may be a row's."""
    return _VALUES.sub("...", " ".join(message.split()))[:_LONGEST]
