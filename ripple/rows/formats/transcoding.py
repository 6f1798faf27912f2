"""Text of another encoding as UTF-8. What its encoding cannot mean becomes U+FFFD, and so a bad row."""

from __future__ import annotations

import codecs
import io
from typing import IO, cast

_BYTES = 1024 * 1024


def as_utf8(stream: IO[bytes], encoding: str) -> IO[bytes]:
    """The stream itself if it is declared as UTF-8."""
    if codecs.lookup(encoding).name == "utf-8":
        return stream
    return cast(IO[bytes], io.BufferedReader(_Transcoded(stream, encoding), _BYTES))


class _Transcoded(io.RawIOBase):
    def __init__(self, stream: IO[bytes], encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._held = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        while not self._held:
            data = self._stream.read(_BYTES)
            self._held = self._decoder.decode(data, final=not data).encode("utf-8", "replace")
            if not data:
                break
        taken = self._held[: len(view)]
        self._held = self._held[len(taken) :]
        view[: len(taken)] = taken
        return len(taken)
