"""A zip whose bytes depend on names and contents only."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Mapping

EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3


def pack(files: Mapping[str, bytes]) -> bytes:
    """`{path: content}` as a zip, in the order of the paths, with one date and one mode for all."""
    buffer = io.BytesIO()
    # Stored: what zlib makes of the same bytes differs between its builds, and a bundle is small.
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            archive.writestr(_describe_entry(name), files[name])
    return buffer.getvalue()


def _describe_entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, date_time=EPOCH)
    entry.create_system = _UNIX
    entry.external_attr = (stat.S_IFREG | 0o644) << 16
    return entry
