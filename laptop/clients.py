"""Official clients of the services for which Google's libraries read no emulator variable."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from google.auth.credentials import AnonymousCredentials


def connect(client: Any, address: str) -> Any:
    """`client`, a class such as `run_v2.ServicesClient`, over REST at `address` (`http://127.0.0.1:PORT`), without credentials."""
    parts = urlsplit(address)
    transport = client.get_transport_class("rest")
    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
    return client(transport=transport(host=parts.netloc, url_scheme=parts.scheme, credentials=credentials))
