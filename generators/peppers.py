"""The pepper of this run, from Secret Manager at a pinned version."""

from __future__ import annotations

import hashlib
import re

from ripple.rows.pii import Pepper

_VERSION = re.compile(r"projects/[^/]+/secrets/[^/]+/versions/([1-9][0-9]{0,14})")


def fetch_pepper(secret_version: str, endpoint: str) -> Pepper:
    """The pepper `k{version}`; ValueError if the version is not pinned. `endpoint` empty means Google's own."""
    from google.cloud.secretmanager_v1 import SecretManagerServiceClient
    from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
        SecretManagerServiceRestTransport,
    )

    from ripple.gateways.transport import rest_client

    kid = read_kid(secret_version)
    client = rest_client(SecretManagerServiceClient, SecretManagerServiceRestTransport, endpoint)
    response = client.access_secret_version(name=secret_version, timeout=30)
    return Pepper(kid=kid, key=bytes(response.payload.data))


def read_kid(secret_version: str) -> str:
    """`k3` of `projects/P/secrets/S/versions/3`; ValueError for `latest`: tokens of two peppers would not join."""
    match = _VERSION.fullmatch(secret_version)
    if match is None:
        raise ValueError(f"PEPPER_SECRET {secret_version!r} is not projects/P/secrets/S/versions/NUMBER")
    return f"k{match[1]}"


def derive_open_pepper(seed: int) -> Pepper:
    """`k0`: no secret at all, for files in a folder; made of the seed so that the same world gives the same bytes."""
    return Pepper(kid="k0", key=hashlib.sha256(f"ripple open pepper {seed}".encode()).digest())
