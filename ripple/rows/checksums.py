"""Checksums over document ids: one in key order, and one that slices add up in any order. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

_MODULUS = 2**256


class IdChecksum:
    """sha256 over ids in key order, a line feed between them: what every manifest promises."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._separator = b""

    def add(self, doc_id: str) -> None:
        self._digest.update(self._separator + doc_id.encode())
        self._separator = b"\n"

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


class IdSum:
    """The sum of the ids' SHA-256 as numbers, modulo 2^256: sums of parts add up to the sum of the whole."""

    def __init__(self) -> None:
        self._total = 0

    def add(self, doc_id: str) -> None:
        self._total += int.from_bytes(hashlib.sha256(doc_id.encode()).digest(), "big")

    def add_sum(self, written: str) -> None:
        """A part's own sum, as `hexdigest` wrote it."""
        self._total += int(written, 16)

    def hexdigest(self) -> str:
        """64 digits of lower hex."""
        return f"{self._total % _MODULUS:064x}"


def sum_ids(ids: Iterable[str]) -> str:
    """The `IdSum` of all of them."""
    total = IdSum()
    for doc_id in ids:
        total.add(doc_id)
    return total.hexdigest()
