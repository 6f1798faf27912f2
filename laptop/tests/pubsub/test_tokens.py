"""OIDC tokens of push requests, checked with another library than the one that signs them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from laptop.pubsub.tokens import TokenSigner


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_700_000_000.0

    def __call__(self) -> float:
        return self.seconds


def decode(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def check_signature(token: str, key_file: Path) -> None:
    head, claims, signature = token.split(".")
    key = serialization.load_pem_private_key(key_file.read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    key.public_key().verify(raw, f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for the module: its key takes a while to make."""
    return tmp_path_factory.mktemp("keys")


def test_a_token_has_the_claims_that_google_documents(folder: Path) -> None:
    head, claims, _ = TokenSigner(folder, Clock()).sign("push@p.iam", "https://x/").split(".")
    assert decode(head) == {"alg": "RS256", "typ": "JWT", "kid": "laptop"}
    assert decode(claims) == {
        "iss": "https://accounts.google.com",
        "aud": "https://x/",
        "email": "push@p.iam",
        "email_verified": True,
        "sub": "push@p.iam",
        "iat": 1_700_000_000,
        "exp": 1_700_003_600,
    }


def test_a_token_is_signed_and_a_changed_one_is_not(folder: Path) -> None:
    token = TokenSigner(folder, Clock()).sign("a", "b")
    check_signature(token, folder / "oidc.pem")
    head, claims, signature = token.split(".")
    with pytest.raises(InvalidSignature):
        check_signature(f"{head}.{claims[:-2]}AA.{signature}", folder / "oidc.pem")


def test_a_token_is_used_again_for_half_its_life(folder: Path) -> None:
    clock = Clock()
    signer = TokenSigner(folder, clock)
    first = signer.sign("a", "b")
    clock.seconds += 1799
    assert signer.sign("a", "b") == first
    clock.seconds += 1
    assert signer.sign("a", "b") != first


def test_another_identity_or_audience_has_a_token_of_its_own(folder: Path) -> None:
    signer = TokenSigner(folder, Clock())
    assert len({signer.sign("a", "b"), signer.sign("a", "c"), signer.sign("d", "b")}) == 3


def test_the_key_survives_a_restart_and_only_its_owner_reads_it(folder: Path) -> None:
    TokenSigner(folder, Clock()).sign("a", "b")
    before = (folder / "oidc.pem").read_bytes()
    check_signature(TokenSigner(folder, Clock()).sign("a", "b"), folder / "oidc.pem")
    assert (folder / "oidc.pem").read_bytes() == before
    assert (folder / "oidc.pem").stat().st_mode & 0o777 == 0o600
