"""Names from outside held against those that are known: what nobody would read is refused, and the nearest is named. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable

from ripple.errors import PermanentError

_MOST = 10
_LONGEST = 80


def check_keys(given: Iterable[str], known: Collection[str], code: str, what: str) -> None:
    """PermanentError with `code` if `what` has a key that is not among `known`."""
    fault = find_unknown(given, known)
    if fault:
        raise PermanentError(code, f"{what} has {fault}", "correct the name, or leave it out")


def find_unknown(given: Iterable[str], known: Collection[str]) -> str:
    """The unknown names in words, each with the nearest known one, and all that are known; empty if there is none."""
    strange = [name for name in given if name not in known]
    if not strange:
        return ""
    named = ", ".join(_suggest(name[:_LONGEST], known) for name in strange[:_MOST])
    return f"unknown keys: {named}; known are {', '.join(known) or 'none'}"


def _suggest(name: str, known: Collection[str]) -> str:
    by_spelling = {one.lower().replace("-", "_"): one for one in known}
    near = difflib.get_close_matches(name.lower().replace("-", "_"), by_spelling, n=1)
    return f"{name!r} (did you mean {by_spelling[near[0]]!r}?)" if near else repr(name)
