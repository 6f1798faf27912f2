"""Create, read, change and delete object generations under preconditions: the rules, apart from how requests look."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping
from typing import Any

from laptop.http import ApiError
from laptop.storage.blobs import Blobs, Content
from laptop.storage.catalog import Catalog, Record
from laptop.storage.notifying import Notifier

WRITABLE = (
    "metadata",
    "contentType",
    "contentEncoding",
    "contentLanguage",
    "contentDisposition",
    "cacheControl",
    "customTime",
    "eventBasedHold",
    "temporaryHold",
    "storageClass",
)


class Objects:
    """All that happens to objects; each change and its notification are one transaction."""

    def __init__(self, catalog: Catalog, blobs: Blobs, notifier: Notifier) -> None:
        self._catalog, self.blobs, self._notifier = catalog, blobs, notifier
        self._last_generation = 0

    def find(self, bucket: str, name: str, generation: str | None = None) -> tuple[Record, str]:
        """`(resource, content id)`; 404 if there is none."""
        self.require_bucket(bucket)
        found = self._catalog.object(bucket, name, int(generation) if generation else None)
        if found is None:
            raise ApiError(404, f"No such object: {bucket}/{name}")
        return found

    def require_bucket(self, bucket: str) -> Record:
        found = self._catalog.bucket(bucket)
        if found is None:
            raise ApiError(404, "The specified bucket does not exist.")
        return found

    def check(self, bucket: str, name: str, given: Mapping[str, str], generation: str | None = None) -> Record | None:
        """The object that the preconditions in `given` speak of; 412 (or 304 on reads) if one does not hold."""
        found = self._catalog.object(bucket, name, int(generation) if generation else None)
        current = found[0] if found else None
        for condition, field in (("Generation", "generation"), ("Metageneration", "metageneration")):
            have = current[field] if current else "0"
            match, not_match = given.get(f"if{condition}Match"), given.get(f"if{condition}NotMatch")
            if (match is not None and match != have) or (not_match is not None and not_match == have):
                message = "At least one of the pre-conditions you specified did not hold."
                raise ApiError(412, message, reason="conditionNotMet", status="FAILED_PRECONDITION")
        return current

    def create(
        self, bucket: str, name: str, content: Content, fields: Mapping[str, Any], given: Mapping[str, str]
    ) -> Record:
        """A new live generation; the one before is archived in a versioned bucket and gone in others."""
        holder = self.require_bucket(bucket)
        with self._catalog.change():
            self.check(bucket, name, given)
            self._retire(holder, bucket, name)
            resource = self._describe(bucket, name, content, fields)
            self._catalog.put_object(resource, content.id)
            self._notifier.note("OBJECT_FINALIZE", resource)
        self._notifier.wake()
        return resource

    def _describe(self, bucket: str, name: str, content: Content, fields: Mapping[str, Any]) -> Record:
        generation = self._last_generation = max(time.time_ns() // 1000, self._last_generation + 1)
        now = stamp()
        resource: Record = {
            "kind": "storage#object",
            "id": f"{bucket}/{name}/{generation}",
            "selfLink": f"/storage/v1/b/{bucket}/o/{name}",
            "name": name,
            "bucket": bucket,
            "generation": str(generation),
            "metageneration": "1",
            "contentType": "application/octet-stream",
            "storageClass": "STANDARD",
            "size": str(content.size),
            "md5Hash": content.md5,
            "crc32c": content.crc32c,
            "etag": f"{generation}/1",
            "timeCreated": now,
            "updated": now,
            "timeStorageClassUpdated": now,
        }
        resource |= {field: fields[field] for field in (*WRITABLE, "componentCount") if fields.get(field) is not None}
        if "componentCount" in resource:
            del resource["md5Hash"]
        return resource

    def patch(
        self, bucket: str, name: str, fields: Mapping[str, Any], given: Mapping[str, str], *, whole: bool
    ) -> Record:
        """New metadata under a new metageneration; `whole` replaces it, else null deletes and keys of `metadata` merge."""
        generation = given.get("generation")
        with self._catalog.change():
            self.check(bucket, name, given, generation)
            resource, content = self.find(bucket, name, generation)
            for field in WRITABLE:
                if field in fields or whole:
                    _set(resource, field, fields.get(field), whole=whole)
            resource["metageneration"] = str(int(resource["metageneration"]) + 1)
            resource |= {"updated": stamp(), "etag": f"{resource['generation']}/{resource['metageneration']}"}
            self._catalog.put_object(resource, content)
            self._notifier.note("OBJECT_METADATA_UPDATE", resource)
        self._notifier.wake()
        return resource

    def delete(self, bucket: str, name: str, given: Mapping[str, str]) -> None:
        """Delete a named generation for good, or the live one as the bucket's versioning says."""
        holder = self.require_bucket(bucket)
        generation = given.get("generation")
        with self._catalog.change():
            self.check(bucket, name, given, generation)
            resource, content = self.find(bucket, name, generation)
            if generation:
                self._forget(resource, content)
                self._notifier.note("OBJECT_DELETE", resource)
            else:
                self._retire(holder, bucket, name)
        self._notifier.wake()

    def _retire(self, holder: Record, bucket: str, name: str) -> None:
        found = self._catalog.object(bucket, name)
        if found is None:
            return
        resource, content = found
        if holder.get("versioning", {}).get("enabled"):
            self._catalog.put_object(resource | {"timeDeleted": stamp()}, content)
            self._notifier.note("OBJECT_ARCHIVE", resource)
        else:
            self._forget(resource, content)
            self._notifier.note("OBJECT_DELETE", resource)

    def _forget(self, resource: Record, content: str) -> None:
        self._catalog.drop_object(resource["bucket"], resource["name"], int(resource["generation"]))
        if not self._catalog.uses_content(content):
            self.blobs.delete(content)

    def share_content(self, resource: Record, content: str) -> Content:
        """The content of one object for another: files are never changed, so a copy is a second name."""
        return Content(content, int(resource["size"]), resource.get("md5Hash", ""), resource["crc32c"])


def _set(resource: Record, field: str, value: Any, *, whole: bool) -> None:
    if field == "metadata" and isinstance(value, dict) and not whole:
        merged = {**resource.get("metadata", {}), **value}
        value = {key: text for key, text in merged.items() if text is not None}
    if value is None:
        resource.pop(field, None)
    else:
        resource[field] = value


def stamp(now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)) -> str:
    """RFC 3339 with milliseconds."""
    return now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
