"""Which release is in place, which is gone on with, which is gone back to."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cli.delivery.archive import pack, unpack
from cli.delivery.manifest import ReleaseManifest
from cli.delivery.releases import Release, Releases, abandon, find_deployed, find_target, find_unfinished, read_release
from cli.provisioning.sequence import ROOT
from ripple.errors import PermanentError
from tests.cli.delivery.site import Site


def release(number: int, state: str, archive: str = "", restores: int = 0) -> Release:
    return Release(
        number=number,
        state=state,  # type: ignore[arg-type]
        by="ann@host",
        began_at="noon",
        manifest=ReleaseManifest(parts={"sweep": archive}),
        archive=archive,
        restores=restores,
    )


# Each release as its number, state, archive and what it restores; then `--to`; then the release that is gone back to, or the refusal.
TARGETS = [
    ("what was in place before", [(1, "deployed", "a", 0), (2, "deployed", "b", 0)], 0, 1),
    ("the one that is named", [(1, "deployed", "a", 0), (2, "deployed", "b", 0), (3, "deployed", "c", 0)], 1, 1),
    ("what a failed one was to replace", [(1, "deployed", "a", 0), (2, "failed", "b", 0)], 0, 1),
    ("what an interrupted one was to replace", [(1, "deployed", "a", 0), (2, "applying", "b", 0)], 0, 1),
    (
        "where an interrupted rollback went",
        [(1, "deployed", "a", 0), (2, "deployed", "b", 0), (3, "applying", "a", 1)],
        0,
        1,
    ),
    (
        "not what is in place again",
        [(1, "deployed", "a", 0), (2, "failed", "b", 0), (3, "deployed", "a", 1)],
        0,
        "nothing to roll back to",
    ),
    (
        "not what failed",
        [(1, "deployed", "a", 0), (2, "failed", "b", 0)],
        2,
        "release 2 was never in place; releases that were: 1",
    ),
    ("nothing", [], 0, "nothing to roll back to; releases that were: none"),
    ("nothing before a first that failed", [(1, "failed", "a", 0)], 0, "nothing to roll back to"),
]


@pytest.mark.parametrize(("known", "to", "found"), [case[1:] for case in TARGETS], ids=[case[0] for case in TARGETS])
def test_a_rollback_goes_to(known: Sequence[tuple[int, str, str, int]], to: int, found: int | str) -> None:
    releases = [release(*one) for one in known]
    if isinstance(found, int):
        assert find_target(releases, to).number == found
    else:
        with pytest.raises(PermanentError, match=found):
            find_target(releases, to)


def test_the_newest_that_succeeded_is_in_place() -> None:
    assert find_deployed([]) is None
    found = find_deployed([release(1, "deployed"), release(2, "deployed"), release(3, "failed")])
    assert found is not None
    assert found.number == 2


def test_an_interrupted_deployment_goes_on_only_with_the_same_archive() -> None:
    known = [release(1, "deployed", "a"), release(2, "applying", "b")]
    assert find_unfinished(known, "b") == known[1]
    assert find_unfinished(known, "c") is None
    assert find_unfinished(known[:1], "a") is None


def test_what_is_not_gone_on_with_is_abandoned() -> None:
    written: list[Release] = []
    abandon([release(1, "deployed"), release(2, "applying")], written.append)
    assert [(one.number, one.state) for one in written] == [(2, "abandoned")]


def test_a_release_survives_its_record() -> None:
    one = release(4, "deployed", "a", restores=2)
    assert read_release(one.to_json()) == one


@pytest.mark.parametrize("changes", [{"color": "red"}, {"manifest": {}}], ids=["a field more", "a field less"])
def test_a_record_of_another_version_is_refused_by_its_number(changes: dict[str, object]) -> None:
    with pytest.raises(PermanentError, match="the record of release 4 is of another version"):
        read_release(release(4, "deployed").to_json() | changes)


def test_a_lease_is_held_by_one_and_can_be_broken(site: Site) -> None:
    bucket = site.clients.storage.bucket(f"{site.clients.project}-leases")
    bucket.create(location="us-central1")
    releases = Releases(bucket)
    with releases.hold_lease("ann@host", "noon"):
        with (
            pytest.raises(PermanentError, match="ann@host deploys to this environment since noon"),
            releases.hold_lease("bob", "one"),
        ):
            pass
        with releases.hold_lease("bob", "two", take_over=True):
            pass
    with releases.hold_lease("cid", "three"):
        pass


def test_whoever_lost_the_lease_does_not_free_that_of_another(site: Site) -> None:
    bucket = site.clients.storage.bucket(f"{site.clients.project}-stolen-leases")
    bucket.create(location="us-central1")
    releases = Releases(bucket)
    with releases.hold_lease("ann", "noon"):
        thief = releases.hold_lease("bob", "one", take_over=True)
        thief.__enter__()
    with pytest.raises(PermanentError, match="bob deploys"), releases.hold_lease("cid", "two"):
        pass


def test_an_environment_without_a_bucket_has_no_releases(site: Site) -> None:
    assert Releases(site.clients.storage.bucket("not-there-at-all")).list_all() == []


def test_what_an_archive_lacks_is_named_with_the_next_step(site: Site) -> None:
    bucket = site.clients.storage.bucket(f"{site.clients.project}-gone")
    bucket.create(location="us-central1")
    with pytest.raises(PermanentError, match="is gone"):
        Releases(bucket).fetch("archives/x.zip")


def test_an_archive_is_the_same_bytes_for_the_same_files_and_unpacks_to_them(site: Site) -> None:
    data = pack(ROOT)
    root = unpack(data, site.folder / "archives")
    assert pack(root) == data
    assert (root / "ripple/deployment/routes.py").read_bytes() == (ROOT / "ripple/deployment/routes.py").read_bytes()
    assert not list(root.rglob("node_modules"))
    assert unpack(data, site.folder / "archives") == root
