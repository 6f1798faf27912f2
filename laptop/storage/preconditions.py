"""Generation, metageneration and etag conditions, decided over what is there. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from laptop.http import ApiError
from laptop.storage.catalog import Record

_CONDITIONS = (("Generation", "generation"), ("Metageneration", "metageneration"))


class NotModifiedError(Exception):
    """A read's not-match condition did not hold: the answer is 304 without a body."""


def check(current: Record | None, given: Mapping[str, str], *, prefix: str = "if", reading: bool = False) -> None:
    """412 unless every condition in `given` holds of `current` (None: generation 0); NotModifiedError if a read's not-match does not."""
    for condition, field in _CONDITIONS:
        have = int(current.get(field, 0)) if current else 0
        match = number(given, f"{prefix}{condition}Match")
        if match is not None and match != have:
            raise _failed()
        if number(given, f"{prefix}{condition}NotMatch") == have:
            raise NotModifiedError if reading else _failed()


def check_etag(current: Record, headers: Mapping[str, str]) -> None:
    """What `If-Match` and `If-None-Match` ask of a read."""
    match, none_match = headers.get("if-match"), headers.get("if-none-match")
    if match is not None and not _names(match, current["etag"]):
        raise _failed()
    if none_match is not None and _names(none_match, current["etag"]):
        raise NotModifiedError


def number(given: Mapping[str, str], name: str) -> int | None:
    """A parameter that is a whole number; 400 if it is there and is none."""
    text = given.get(name)
    if text is None or text == "":
        return None
    if not (text.isascii() and text.isdecimal()):
        raise ApiError(400, f"Invalid value for {name}: {text!r}", reason="invalid")
    return int(text)


def _names(header: str, etag: str) -> bool:
    return header.strip() == "*" or etag in (given.strip().strip('"') for given in header.split(","))


def _failed() -> ApiError:
    message = "At least one of the pre-conditions you specified did not hold."
    return ApiError(412, message, reason="conditionNotMet", status="FAILED_PRECONDITION")
