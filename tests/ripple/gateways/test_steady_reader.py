"""An object that could not be read is tried again; it is not taken for a corrupt one."""

from __future__ import annotations

import gzip
import io
from typing import IO, Any, cast

import pyarrow.parquet as pq
import pytest
import requests

from ripple.errors import RetryableError
from ripple.gateways.objects import SteadyReader


class BrokenLine(io.BytesIO):
    """Reads as far as the network goes."""

    def __init__(self, data: bytes, last: int) -> None:
        super().__init__(data)
        self._last = last

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() >= self._last:
            raise requests.ConnectionError("the line is broken")
        return super().read(size)


def opened(source: IO[bytes]) -> Any:
    return io.BufferedReader(SteadyReader(source, "gs://b/x"), 100)


def test_a_whole_object_is_read_and_sought_as_it_is() -> None:
    stream = opened(io.BytesIO(bytes(range(256)) * 9))
    assert stream.read() == bytes(range(256)) * 9
    assert (stream.seek(-6, io.SEEK_END), stream.read()) == (2298, bytes(range(250, 256)))


@pytest.mark.parametrize("read", [lambda stream: gzip.GzipFile(fileobj=stream).read(), pq.read_table])
def test_a_connection_that_fails_is_no_corrupt_file(read: Any) -> None:
    stream = opened(cast(IO[bytes], BrokenLine(gzip.compress(bytes(5000) + bytes(range(256)) * 20, 0), 1000)))
    with pytest.raises(RetryableError, match="gs://b/x could not be read to its end"):
        read(stream)
