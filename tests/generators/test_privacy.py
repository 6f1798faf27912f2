"""Personal data stays in memory: no value of it is in anything that leaves."""

from __future__ import annotations

import datetime as dt

import pytest

from generators.contacts import draw_contacts
from generators.job import read_job
from generators.people import build_block
from generators.peppers import read_kid
from generators.running import open_pepper
from generators.world import World
from ripple.rows.pii import canonical_phone
from tests.generators.conftest import Lake, generate_into


def test_no_personal_value_is_in_any_file_or_log(tmp_path, capfd: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    customers = 100
    lake: Lake = generate_into(tmp_path, "sales", "clickstream", "startups", customers=customers)
    logs = capfd.readouterr()
    written = b"\n".join(lake.snapshot().values()) + logs.out.encode() + logs.err.encode()
    world = World(customers=customers, dirt=0.05, since=dt.date(2025, 11, 1))
    contacts = draw_contacts(world, build_block(world, 0))[:customers]
    canaries = [
        canary for c in contacts for canary in (c.name, c.email, c.email.casefold(), c.phone, canonical_phone(c.phone))
    ]
    assert [canary for canary in canaries if canary.encode() in written] == []
    assert [c.ip for c in contacts if f'"{c.ip}"'.encode() in written] == []


def test_contacts_never_show_themselves() -> None:
    world = World(customers=10)
    contact = draw_contacts(world, build_block(world, 0))[0]
    assert repr(contact) == "Contact()"


def test_people_have_addresses_and_numbers_of_their_own() -> None:
    world = World()
    contacts = [c for index in (0, 1) for c in draw_contacts(world, build_block(world, index))]
    assert len({c.email for c in contacts}) == len({canonical_phone(c.phone) for c in contacts}) == len(contacts)


def test_the_key_id_is_the_version_of_the_secret() -> None:
    assert read_kid("projects/p/secrets/pepper/versions/12") == "k12"


@pytest.mark.parametrize("name", ["projects/p/secrets/pepper/versions/latest", "projects/p/secrets/pepper", ""])
def test_a_secret_that_is_not_pinned_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="PEPPER_SECRET"):
        read_kid(name)


def test_tokens_for_the_cloud_need_a_secret() -> None:
    job = read_job("sales", ["--to", "2025-11-02", "--batch-id", "b", "--project", "ripple-laptop"], {})
    with pytest.raises(ValueError, match="PEPPER_SECRET is not set"):
        open_pepper(job)
