"""GAPIC clients at Google's own endpoint or at one that a setting names."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from google.auth.credentials import AnonymousCredentials


def rest_client(client: Any, transport: Any, endpoint: str, regional: str = "") -> Any:
    """`client` over REST; `endpoint` is `http(s)://host:port`, or empty for `regional` or the default host."""
    if endpoint:
        parts = urlsplit(endpoint)
        return client(
            transport=transport(host=parts.netloc, url_scheme=parts.scheme, credentials=AnonymousCredentials())  # type: ignore[no-untyped-call]
        )
    return client(transport=transport(host=regional)) if regional else client(transport=transport())


def grpc_client(client: Any, transport: Any, endpoint: str) -> Any:
    """`client` over gRPC; an `http://` endpoint is reached without TLS."""
    if not endpoint:
        return client()
    import grpc

    return client(transport=transport(channel=grpc.insecure_channel(urlsplit(endpoint).netloc)))
