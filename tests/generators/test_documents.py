"""Orders reach Firestore as they are, no faster than allowed, and a failure is never silent."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from google.cloud.firestore_v1 import _helpers
from hypothesis import given
from hypothesis import strategies as st

from generators.documents import FirestoreStore
from generators.encoding import encode_write

MOMENTS = st.datetimes(timezones=st.just(dt.UTC), min_value=dt.datetime(1, 1, 2), max_value=dt.datetime(9999, 1, 1))  # noqa: DTZ001
SCALARS = st.one_of(st.text(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), MOMENTS)
NAMES = st.text(min_size=1)
RECORDS = st.dictionaries(
    NAMES, SCALARS | st.lists(st.dictionaries(NAMES, SCALARS, max_size=3), max_size=3), max_size=8
)


class RecordingClient:
    """Takes commits as Firestore's client does, and remembers the documents; refuses them all if `refusal` is set."""

    _database_string = "projects/p/databases/(default)"
    _rpc_metadata = ()

    def __init__(self, refusal: Exception | None = None) -> None:
        self.commits: list[list[str]] = []
        self._refusal = refusal

    @property
    def _firestore_api(self) -> RecordingClient:
        return self

    def commit(self, request: dict[str, Any], metadata: object) -> None:
        if self._refusal:
            raise self._refusal
        self.commits.append([write.update.name for write in request["writes"]])


class SteppedClock:
    """Time passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@given(RECORDS)
def test_a_record_is_read_back_by_the_official_client_as_it_was(record: dict[str, Any]) -> None:
    write = encode_write("projects/p/databases/d/documents/sales/x", record)
    assert _helpers.decode_dict(write.update.fields, None) == record


def test_every_document_is_committed_once_in_commits_of_at_most_500() -> None:
    client = RecordingClient()
    store = FirestoreStore(client, 10**9)
    store.put([(f"ord_{number}", {"n": number}) for number in range(1200)])
    store.finish()
    root = "projects/p/databases/(default)/documents/sales/"
    assert sorted(map(len, client.commits)) == [200, 500, 500]
    assert {name for names in client.commits for name in names} == {f"{root}ord_{n}" for n in range(1200)}


def test_writing_keeps_to_the_rate_it_was_given() -> None:
    clock = SteppedClock()
    store = FirestoreStore(RecordingClient(), 500, clock, clock.sleep)
    store.put([(f"ord_{number}", {}) for number in range(5000)])
    store.finish()
    assert clock.now == pytest.approx(9.0)


def test_a_refused_commit_fails_the_job() -> None:
    store = FirestoreStore(RecordingClient(RuntimeError("no")), 10**9)
    store.put([("ord_1", {})])
    with pytest.raises(RuntimeError, match="no"):
        store.finish()
