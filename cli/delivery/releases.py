"""The record of releases in the models bucket: `releases/{number}.json`, its archive beside it, and who deploys right now."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from google.api_core.exceptions import NotFound, PreconditionFailed
from google.cloud.storage import Bucket

from cli.delivery.manifest import ReleaseManifest, read_manifest
from ripple.errors import PermanentError

State = Literal["applying", "deployed", "failed", "abandoned"]
_LOCK = "releases/lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One deployment and what it consisted of.

    Times are RFC 3339. `restores` is the number of the release whose archive it deployed again, 0 for none; `images` are references
    with digests, `bundles` each function's `{path, sha256}`; `canary` is the URI of the file that proves it.
    """

    number: int
    state: State
    by: str
    began_at: str
    manifest: ReleaseManifest
    archive: str
    ended_at: str = ""
    restores: int = 0
    reason: str = ""
    commit: str = ""
    spec_uri: str = ""
    canary: str = ""
    images: Mapping[str, str] = field(default_factory=dict)
    bundles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        plain = {name: getattr(self, name) for name in self.__slots__ if name != "manifest"}
        return plain | {"manifest": self.manifest.to_json()}


def read_release(document: Mapping[str, Any]) -> Release:
    """A release from its record; PermanentError for one that another version wrote in a form that this one does not know."""
    try:
        return Release(**{**document, "manifest": read_manifest(document["manifest"])})
    except (KeyError, TypeError) as error:
        reason = f"the record of release {document.get('number')} is of another version of Ripple ({error})"
        raise PermanentError("release_unreadable", reason, "use the ripple of the newest checkout") from None


@dataclass(frozen=True, slots=True)
class Releases:
    """The records of one environment. A bucket that is not there yet holds none."""

    bucket: Bucket

    def list_all(self) -> list[Release]:
        """Oldest first."""
        try:
            blobs = list(self.bucket.client.list_blobs(self.bucket.name, match_glob="releases/*.json"))
        except NotFound:
            return []
        return [
            read_release(json.loads(blob.download_as_bytes())) for blob in sorted(blobs, key=lambda blob: blob.name)
        ]

    def write(self, release: Release) -> None:
        text = json.dumps(release.to_json(), indent=1, sort_keys=True)
        self.bucket.blob(f"releases/{release.number:06d}.json").upload_from_string(
            text, content_type="application/json"
        )

    def keep(self, name: str, data: bytes) -> None:
        """Something a release consists of, under a name that is its content's: what is there already is the same."""
        with suppress(PreconditionFailed):
            self.bucket.blob(f"releases/{name}").upload_from_string(data, if_generation_match=0)

    def fetch(self, name: str) -> bytes:
        """PermanentError if it is gone."""
        try:
            return bytes(self.bucket.blob(f"releases/{name}").download_as_bytes())
        except NotFound:
            reason = f"gs://{self.bucket.name}/releases/{name} is gone"
            raise PermanentError("release_incomplete", reason, "roll back to another: ripple releases") from None

    @contextmanager
    def hold_lease(self, owner: str, now: str, *, take_over: bool = False) -> Iterator[None]:
        """Nobody else deploys while it is held; PermanentError names who does. `take_over` breaks a lease whose owner is dead."""
        blob = self.bucket.blob(_LOCK)
        if take_over:
            with suppress(NotFound):
                blob.delete()
        try:
            blob.upload_from_string(json.dumps({"owner": owner, "since": now}), if_generation_match=0)
        except PreconditionFailed:
            raise PermanentError("lease_held", self._describe_holder(), "if that is dead: --break-lease") from None
        generation = blob.generation
        try:
            yield
        finally:
            with suppress(NotFound, PreconditionFailed):
                self.bucket.blob(_LOCK).delete(if_generation_match=generation)

    def _describe_holder(self) -> str:
        try:
            held = json.loads(self.bucket.blob(_LOCK).download_as_bytes())
        except NotFound:
            return "another deployment has ended just now; try again"
        return f"{held['owner']} deploys to this environment since {held['since']}"


def find_deployed(releases: list[Release]) -> Release | None:
    """The newest release that is in place. Pure."""
    return next((release for release in reversed(releases) if release.state == "deployed"), None)


def find_unfinished(releases: list[Release], archive: str) -> Release | None:
    """The newest release, if it was interrupted while it deployed this very archive: the same command goes on with it. Pure."""
    last = releases[-1] if releases else None
    return last if last is not None and last.state == "applying" and last.archive == archive else None


def find_target(releases: list[Release], to: int) -> Release:
    """What to roll back to: release `to`; or, by 0, what an interrupted rollback was going back to, what an unfinished or failed
    deployment was to replace, or what was in place before the newest. PermanentError if there is none. Pure."""
    good = [release for release in releases if release.state == "deployed"]
    found = _find_candidates(good, releases[-1], to) if releases else []
    if found:
        return found[-1]
    known = ", ".join(str(release.number) for release in good) or "none"
    wanted = f"release {to} was never in place" if to else "there is nothing to roll back to"
    raise PermanentError("release_unknown", f"{wanted}; releases that were: {known}", "see: ripple releases")


def _find_candidates(good: list[Release], last: Release, to: int) -> list[Release]:
    wanted = to or (last.restores if last.state == "applying" else 0)
    if wanted:
        return [release for release in good if release.number == wanted]
    if last.state != "deployed":
        return good
    return [release for release in good if release.archive != last.archive]


def abandon(releases: list[Release], write: Callable[[Release], None]) -> None:
    """Releases that were interrupted and are not gone on with."""
    for release in releases:
        if release.state == "applying":
            write(replace(release, state="abandoned", reason="interrupted, and another was begun"))
