"""OIDC tokens for push requests, signed with a key of this laptop."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from laptop.files import write_whole

_LIFE_SECONDS = 3600


class TokenSigner:
    """The key is made when it is first needed and kept readable by its owner only."""

    def __init__(self, folder: Path, now: Callable[[], float]) -> None:
        self._path, self._now = folder / "oidc.pem", now
        self._key: rsa.RSAPrivateKey | None = None
        self._signed: dict[tuple[str, str], tuple[float, str]] = {}

    def sign(self, email: str, audience: str) -> str:
        """A JWT for an identity and an audience; one is used again until half its life is over."""
        made, token = self._signed.get((email, audience), (0.0, ""))
        if self._now() - made < _LIFE_SECONDS / 2:
            return token
        now = int(self._now())
        claims = {
            "iss": "https://accounts.google.com",
            "aud": audience,
            "email": email,
            "email_verified": True,
            "sub": email,
            "iat": now,
            "exp": now + _LIFE_SECONDS,
        }
        unsigned = f"{_encode({'alg': 'RS256', 'typ': 'JWT', 'kid': 'laptop'})}.{_encode(claims)}"
        signature = self._load().sign(unsigned.encode(), padding.PKCS1v15(), hashes.SHA256())
        token = f"{unsigned}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
        self._signed[email, audience] = (self._now(), token)
        return token

    def _load(self) -> rsa.RSAPrivateKey:
        if self._key is None:
            if not self._path.exists():
                self._make()
            key = serialization.load_pem_private_key(self._path.read_bytes(), None)
            assert isinstance(key, rsa.RSAPrivateKey)
            self._key = key
        return self._key

    def _make(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        form = serialization.PrivateFormat.PKCS8
        pem = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        write_whole(self._path, pem, mode=0o600)


def _encode(part: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
