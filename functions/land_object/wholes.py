"""Is an object all that its flow had at a time? Its metadata says so, and its contract must allow it. Pure."""

from __future__ import annotations

from ripple.errors import PermanentError
from ripple.ports import StoredObject
from ripple.rows.contracts import Contract
from ripple.rows.contracts.corrections import CORRECTS_KEY
from ripple.rows.timestamps import read_moment

WHOLE_KEY = "ripple-whole-at"


def read_whole(stored: StoredObject, contract: Contract) -> str | None:
    """The time in RFC 3339, UTC; None for an object that says none. PermanentError `whole_malformed` for what cannot be meant."""
    said = stored.metadata.get(WHOLE_KEY)
    if said is None:
        return None
    if contract.max_deleted is None:
        raise _malformed(stored, f"the contract of {contract.flow} has no max_deleted")
    if CORRECTS_KEY in stored.metadata:
        raise _malformed(stored, "a correction is some lines of another object")
    try:
        at = read_moment(said)
    except ValueError as error:
        raise _malformed(stored, str(error)) from None
    # A time to come would delete what arrives until then.
    if at > stored.created:
        raise _malformed(stored, f"{said:.80} is later than {stored.created.isoformat()}, when the object was written")
    return at.isoformat().replace("+00:00", "Z")


def _malformed(stored: StoredObject, why: str) -> PermanentError:
    reason = f"{stored.ref.uri} says {WHOLE_KEY}, that it is all that its flow had: {why}"
    return PermanentError("whole_malformed", reason, "drop it again with a time that is past, or without that metadata")
