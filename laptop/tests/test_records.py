"""Named JSON records by kind, as the small REST services keep them."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from laptop.records import Records


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    opened = Records(tmp_path)
    yield opened
    opened.close()


def test_a_record_is_read_as_it_was_written(records: Records) -> None:
    body = {"name": "a", "deep": {"list": [1, None, "é"]}}
    records.put("job", "a", body)
    assert records.get("job", "a") == body
    assert records.get("service", "a") is None
    assert records.get("job", "b") is None


def test_a_record_is_replaced_by_its_name(records: Records) -> None:
    records.put("job", "a", {"n": 1})
    records.put("job", "a", {"n": 2})
    assert records.list("job") == [{"n": 2}]


def test_records_are_listed_by_name_and_prefix(records: Records) -> None:
    for name in ("p/b", "p/a", "q/c", "p%", "p_"):
        records.put("job", name, {"name": name})
    records.put("service", "p/z", {"name": "p/z"})
    assert [each["name"] for each in records.list("job", "p/")] == ["p/a", "p/b"]
    assert [each["name"] for each in records.list("job", "p%")] == ["p%"]
    assert len(records.list("job")) == 5


def test_a_delete_says_whether_there_was_one(records: Records) -> None:
    records.put("job", "a", {})
    assert [records.delete("job", "a"), records.delete("job", "a"), records.delete("service", "a")] == [
        True,
        False,
        False,
    ]


def test_records_survive_a_restart_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    first = Records(tmp_path)
    first.put("job", "a", {"n": 1})
    first.close()
    second = Records(tmp_path)
    assert second.get("job", "a") == {"n": 1}
    second.close()
    assert stat.S_IMODE((tmp_path / "records.sqlite").stat().st_mode) == 0o600
