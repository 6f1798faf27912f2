"""What Google's services take of a text. A refusal by one of them, after a decision, would come back for a day. Pure."""

from __future__ import annotations

import hashlib
import re

ATTRIBUTE_BYTES = 1024
"""Of a Pub/Sub attribute's value."""
ATTRIBUTES = 100
BODY_BYTES = 14 * 1024 * 1024
"""Of a push: Pub/Sub's 10 MB of data in base64, and its frame."""
MESSAGE_BYTES = 9_000_000
"""Of a message's data, with room for its attributes under Pub/Sub's 10 MB."""
TEXT_BYTES = 64 * 1024
"""Of one text in an event: several of them share a document of 1 MiB."""
OBJECT_NAME_BYTES = 1024
BRONZE_NAME_BYTES = 900
"""Of a Bronze object's name: its quarantine object adds a generation to it."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=:-]{0,255}", re.ASCII)
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


def fit(text: str, limit: int = ATTRIBUTE_BYTES) -> str:
    """The text in at most `limit` bytes of UTF-8; what is cut off is distinguished by its hash."""
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= limit:
        return encoded.decode()
    return encoded[: limit - 65].decode(errors="ignore") + "~" + hashlib.sha256(encoded).hexdigest()


def fit_header(text: str) -> str:
    """The text as an attribute that an unwrapped push can send as an HTTP header: percent-encoded as CloudEvents asks."""
    printable = _UNPRINTABLE.sub(
        lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "replace")), text
    )
    return fit(printable)


def is_name(value: object) -> bool:
    """Whether it can be part of an object's name and a Firestore id: 1 to 256 letters, digits and `._=:-`."""
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def read_count(value: object) -> int:
    """A 64-bit number that Google writes as text. Only plain digits: `int` would take `1_0`, ` 7`, 7.9 and true."""
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or not text.isascii() or not text.isdecimal() or len(text) > 19:
        raise ValueError(f"{value!r:.80} is no count")
    number = int(text)
    if number >= 2**63:
        raise ValueError(f"{number} does not fit 64 bits")
    return number
