"""Keyed tokens for personal data: the same person gives the same token, and nobody without the pepper can go back. Pure."""

from __future__ import annotations

import base64
import hmac
import ipaddress
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Pepper:
    """A secret key and its id (`k1`, `k2` ...); the key stays out of `repr`, so that no log can hold it.

    ValueError for a key under 16 bytes or a key id that a token could not carry.
    """

    kid: str
    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not (self.kid.isascii() and self.kid.isalnum() and self.kid == self.kid.lower() and len(self.kid) <= 16):
            raise ValueError(f"pepper id {self.kid!r} is not 1 to 16 of a-z and 0-9")
        if len(self.key) < 16:
            raise ValueError(f"pepper {self.kid} has {len(self.key)} bytes; at least 16 are needed")


def make_token(pepper: Pepper, field_name: str, value: str) -> str:
    """`kid:BASE32(HMAC-SHA256(pepper, field NUL canonical value))`, untruncated (56 characters of base32).

    ValueError if the value has no canonical form (no address, no valid phone number, nothing at all).
    """
    canonical = _CANONICAL.get(field_name, canonical_text)(value)
    digest = hmac.digest(pepper.key, f"{field_name}\0{canonical}".encode(), "sha256")
    return f"{pepper.kid}:{base64.b32encode(digest).decode()}"


def canonical_text(value: str) -> str:
    """NFC, trimmed; case is kept."""
    canonical = unicodedata.normalize("NFC", value).strip()
    if not canonical:
        raise ValueError("an empty value has no token")
    return canonical


def canonical_email(value: str) -> str:
    """NFC, trimmed, casefolded; folding can undo composition, so NFC again."""
    canonical = unicodedata.normalize("NFC", canonical_text(value).casefold())
    local, at, domain = canonical.rpartition("@")
    if not (local and at and domain):
        raise ValueError("not an e-mail address")
    return canonical


def canonical_phone(value: str) -> str:
    """E.164; the number must be written with its country code, or two countries would share a token."""
    import phonenumbers

    try:
        number = phonenumbers.parse(canonical_text(value), None)
    except phonenumbers.NumberParseException:
        raise ValueError("not a phone number with a country code") from None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def truncate_ip(value: str) -> str:
    """The /24 of an IPv4 address, the /48 of an IPv6 address; ValueError for anything else."""
    address = ipaddress.ip_address(value)
    prefix = 24 if address.version == 4 else 48
    return str(ipaddress.ip_network(f"{address}/{prefix}", strict=False))


_CANONICAL: Mapping[str, Callable[[str], str]] = {"email": canonical_email, "phone": canonical_phone}
