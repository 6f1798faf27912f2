"""Create, read, change and delete object generations under preconditions: the rules, apart from how requests look."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping
from typing import Any

from laptop.http import ApiError
from laptop.storage.blobs import Blobs, Content
from laptop.storage.catalog import ObjectCatalog, Record
from laptop.storage.notifying import Notifier
from laptop.storage.preconditions import check, number
from laptop.storage.refusals import refuse_unserved_fields

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
_DEFAULTS = {"contentType": "application/octet-stream", "storageClass": "STANDARD"}


class Objects:
    """All that happens to objects; each change and its notification are one transaction."""

    def __init__(self, catalog: ObjectCatalog, blobs: Blobs, notifier: Notifier) -> None:
        self._catalog, self.blobs, self._notifier = catalog, blobs, notifier
        self._last_generation = 0

    def find(self, bucket: str, name: str, generation: int | None = None) -> tuple[Record, str]:
        """`(resource, content id)` of a generation, or of the live one; 404 if there is none."""
        self._catalog.require_bucket(bucket)
        found = self._catalog.object(bucket, name, generation)
        if found is None:
            raise ApiError(404, f"No such object: {bucket}/{name}")
        return found

    def require_writable(self, bucket: str, name: str, fields: Mapping[str, Any], given: Mapping[str, str]) -> None:
        """404, 400, 501 or 412 unless an object could be created so, now."""
        self._catalog.require_bucket(bucket)
        require_valid_name(name)
        refuse_unserved_fields(fields)
        check(self._live(bucket, name), given)

    def _live(self, bucket: str, name: str) -> Record | None:
        found = self._catalog.object(bucket, name)
        return found[0] if found else None

    def create(
        self,
        bucket: str,
        name: str,
        content: Content,
        fields: Mapping[str, Any],
        given: Mapping[str, str],
        upload: str | None = None,
    ) -> Record:
        """A new live generation; the one before is archived in a versioned bucket and gone in others.

        The session `upload` ends in the same transaction and from then on answers with this resource. If the object can't
        be created its content goes, unless another object or a session has it.
        """
        try:
            with self._catalog.change():
                self.require_writable(bucket, name, fields, given)
                resource, before = self._replace(bucket, name, content, fields)
                if upload is not None:
                    self._catalog.put_upload(upload, {"finished": resource})
        except BaseException:
            if upload is None:
                self._release(content.id)
            raise
        self._release(before)
        self._notifier.wake()
        return resource

    def _replace(
        self, bucket: str, name: str, content: Content, fields: Mapping[str, Any]
    ) -> tuple[Record, str | None]:
        resource = self._describe(bucket, name, content, fields)
        before = self._catalog.object(bucket, name)
        more = {}
        if before is not None:
            self._retire(*before, overwrittenByGeneration=resource["generation"])
            more = {"overwroteGeneration": before[0]["generation"]}
        self._catalog.put_object(resource, content.id)
        self._notifier.note("OBJECT_FINALIZE", resource, resource["updated"], **more)
        return resource, before[1] if before else None

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
            **_DEFAULTS,
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
        refuse_unserved_fields(fields)
        with self._catalog.change():
            resource, content = self.find(bucket, name, number(given, "generation"))
            check(resource, given)
            for field in WRITABLE:
                if field in fields or whole:
                    _set(resource, field, fields.get(field), whole=whole)
            resource["metageneration"] = str(int(resource["metageneration"]) + 1)
            resource |= {"updated": stamp(), "etag": f"{resource['generation']}/{resource['metageneration']}"}
            self._catalog.put_object(resource, content)
            self._notifier.note("OBJECT_METADATA_UPDATE", resource, resource["updated"])
        self._notifier.wake()
        return resource

    def delete(self, bucket: str, name: str, given: Mapping[str, str]) -> None:
        """Delete a named generation for good, or the live one as the bucket's versioning says."""
        generation = number(given, "generation")
        with self._catalog.change():
            resource, content = self.find(bucket, name, generation)
            check(resource, given)
            self._retire(resource, content, for_good=generation is not None)
        self._release(content)
        self._notifier.wake()

    def move(self, bucket: str, name: str, to: str, given: Mapping[str, str]) -> Record:
        """Rename within a bucket, in one transaction; both ends have their conditions."""
        with self._catalog.change():
            source, content = self.find(bucket, name)
            check(source, given, prefix="ifSource")
            self.require_writable(bucket, to, {}, given)
            made, before = self._replace(bucket, to, share_content(source, content), source)
            if to != name:
                self._retire(source, content)
        self._release(before)
        self._notifier.wake()
        return made

    def _retire(self, resource: Record, content: str, *, for_good: bool = False, **more: str) -> None:
        """Archive the live generation or drop it; 403 while it is held."""
        if resource.get("temporaryHold") or resource.get("eventBasedHold"):
            message = f"Object '{resource['bucket']}/{resource['name']}' is under active hold and can't be deleted or overwritten."
            raise ApiError(403, message, reason="objectUnderActiveHold")
        now, holder = stamp(), self._catalog.require_bucket(resource["bucket"])
        if holder.get("versioning", {}).get("enabled") and not for_good:
            resource = resource | {"timeDeleted": now}
            self._catalog.put_object(resource, content)
            self._notifier.note("OBJECT_ARCHIVE", resource, now, **more)
        else:
            self._catalog.drop_object(resource["bucket"], resource["name"], int(resource["generation"]))
            self._notifier.note("OBJECT_DELETE", resource, now, **more)

    def _release(self, content: str | None) -> None:
        """Only after the commit: a kill between the two must leave a file too many, never one too few."""
        if content is not None and not self._catalog.uses_content(content):
            self.blobs.delete(content)


def share_content(resource: Record, content: str) -> Content:
    """The content of one object for another: files are never changed, so a copy is a second name."""
    md5 = resource.get("md5Hash", "")
    return Content(id=content, size=int(resource["size"]), md5=md5, crc32c=resource["crc32c"])


def require_valid_name(name: str) -> None:
    """400 for a name no object may have."""
    size = len(name.encode())
    if not 1 <= size <= 1024 or name in (".", "..") or any(sign in name for sign in "\r\n\0\x1f"):
        raise ApiError(400, f"Invalid object name: {name!r}", reason="invalid")


def _set(resource: Record, field: str, value: Any, *, whole: bool) -> None:
    if field == "metadata" and isinstance(value, dict) and not whole:
        merged = {**resource.get("metadata", {}), **value}
        value = {key: text for key, text in merged.items() if text is not None}
    if value is None and field in _DEFAULTS:
        resource[field] = _DEFAULTS[field]
    elif value is None:
        resource.pop(field, None)
    else:
        resource[field] = value


def stamp(now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)) -> str:
    """RFC 3339 with milliseconds."""
    return now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
