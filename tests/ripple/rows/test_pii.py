"""Tokens: keyed, canonical, and silent about what they stand for."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripple.rows.pii import Pepper, canonical_email, make_token, truncate_ip

PEPPER = Pepper(kid="k1", key=b"0123456789abcdef0123456789abcdef")
WORDS = st.text(min_size=1).filter(lambda text: text.strip() != "" and unicodedata.normalize("NFC", text).strip() != "")
LOCAL = st.from_regex(r"[A-Za-z0-9.ßÉİ]{1,20}", fullmatch=True)


def test_a_token_is_the_key_id_and_the_untruncated_keyed_hash() -> None:
    digest = hmac.new(PEPPER.key, b"customer_id\0cus_1", hashlib.sha256).digest()
    assert make_token(PEPPER, "customer_id", "cus_1") == "k1:" + base64.b32encode(digest).decode()


@given(WORDS)
def test_any_value_gives_a_token_of_the_contract(value: str) -> None:
    token = make_token(PEPPER, "customer_id", value)
    assert re.fullmatch(r"[a-z0-9]{1,16}:[A-Z2-7]{52}=*", token)
    assert token == make_token(PEPPER, "customer_id", value)


@given(WORDS, st.text(min_size=1, max_size=8), st.text(min_size=1, max_size=8))
def test_the_same_value_in_two_fields_gives_two_tokens(value: str, one: str, other: str) -> None:
    fields = {f"a_{one}", f"b_{other}"}
    assert len({make_token(PEPPER, field, value) for field in fields}) == 2


@given(WORDS)
def test_another_pepper_gives_another_token(value: str) -> None:
    other = Pepper(kid="k1", key=b"f" * 32)
    assert make_token(PEPPER, "customer_id", value) != make_token(other, "customer_id", value)


@given(LOCAL)
def test_an_address_is_the_same_however_it_is_written(local: str) -> None:
    address = f"{local}@Example.com"
    variants = (f"  {address}\n", address.casefold(), unicodedata.normalize("NFD", address))
    assert {make_token(PEPPER, "email", variant) for variant in variants} == {make_token(PEPPER, "email", address)}


@given(LOCAL)
def test_the_canonical_address_is_a_fixed_point(local: str) -> None:
    once = canonical_email(f"{local}@example.com")
    assert canonical_email(once) == once


@pytest.mark.parametrize("written", ["+1 202-555-0143", "+12025550143", " +1 (202) 555 0143 "])
def test_a_phone_number_is_the_same_however_it_is_written(written: str) -> None:
    assert make_token(PEPPER, "phone", written) == make_token(PEPPER, "phone", "+1 202 555 0143")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phone", "202-555-0143"),
        ("phone", "x"),
        ("email", "nobody"),
        ("email", "@x"),
        ("email", "x@"),
        ("email", "@"),
        ("email", "x@y@"),
        ("customer_id", " "),
    ],
)
def test_what_has_no_canonical_form_is_refused_without_being_repeated(field: str, value: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as caught:
        make_token(PEPPER, field, value)
    assert value.strip() == "" or value not in str(caught.value).split()


@pytest.mark.parametrize(
    ("field", "value", "canonical"),
    [
        ("phone", "+44 20 7946 0958", "+442079460958"),
        ("email", " A@B@Straße.de ", "a@b@strasse.de"),
        ("email", "@x@y", "@x@y"),
        ("customer_id", " Cafe\u0301 ", "Caf\u00e9"),
    ],
)
def test_the_token_is_that_of_the_canonical_value(field: str, value: str, canonical: str) -> None:
    digest = hmac.new(PEPPER.key, f"{field}\0{canonical}".encode(), hashlib.sha256).digest()
    assert make_token(PEPPER, field, value) == "k1:" + base64.b32encode(digest).decode()


def test_a_pepper_never_shows_its_key() -> None:
    assert "0123456789" not in repr(PEPPER)


@pytest.mark.parametrize(("kid", "key"), [("k", b"f" * 16), ("k2" * 8, b"f" * 16), ("7", b"f" * 99)])
def test_a_key_of_16_bytes_and_a_key_id_of_16_letters_and_digits_do(kid: str, key: bytes) -> None:
    assert make_token(Pepper(kid=kid, key=key), "customer_id", "cus_1").startswith(f"{kid}:")


KEY = b"f" * 32


@pytest.mark.parametrize(
    ("kid", "key"),
    [("k1", b"short"), ("k1", b"f" * 15), ("", KEY), ("K1", KEY), ("k:1", KEY), ("é", KEY), ("k" * 17, KEY)],
)
def test_a_weak_key_or_a_key_id_that_no_token_can_carry_is_refused(kid: str, key: bytes) -> None:
    with pytest.raises(ValueError, match="pepper"):
        Pepper(kid=kid, key=key)


@given(st.ip_addresses(v=4))
def test_a_truncated_address_has_lost_its_last_octet(address: object) -> None:
    kept, _, _ = str(address).rpartition(".")
    assert truncate_ip(str(address)) == f"{kept}.0/24"


@pytest.mark.parametrize("value", ["", "203.0.113.7/24", "someone", "1.2.3"])
def test_what_is_no_address_is_not_truncated(value: str) -> None:
    with pytest.raises(ValueError, match="does not appear to be"):
        truncate_ip(value)


def test_a_truncated_long_address_keeps_48_bits() -> None:
    assert truncate_ip("2001:db8:1:2:3:4:5:6") == "2001:db8:1::/48"
