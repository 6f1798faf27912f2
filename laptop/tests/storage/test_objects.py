"""What holds of objects: conditions, copies, holds, ranges, transcoding."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable

import pytest
import requests
from google.api_core import exceptions
from google.cloud.storage import Bucket

Send = Callable[..., requests.Response]


def test_an_object_copied_onto_itself_keeps_its_bytes(bucket: Bucket) -> None:
    blob = bucket.blob("self")
    blob.upload_from_string("keep")
    blob.rewrite(blob)
    assert bucket.blob("self").download_as_bytes(retry=None) == b"keep"


def test_a_copy_that_is_refused_leaves_its_source_whole(bucket: Bucket) -> None:
    bucket.blob("source").upload_from_string("keep")
    bucket.blob("taken").upload_from_string("old")
    with pytest.raises(exceptions.PreconditionFailed):
        bucket.copy_blob(bucket.blob("source"), bucket, "taken", if_generation_match=0, retry=None)
    assert [bucket.blob(name).download_as_bytes() for name in ("source", "taken")] == [b"keep", b"old"]


def test_a_move_whose_source_changed_moves_nothing(bucket: Bucket) -> None:
    bucket.blob("here").upload_from_string("1")
    with pytest.raises(exceptions.PreconditionFailed):
        bucket.move_blob(bucket.blob("here"), "there", if_source_generation_match=1, retry=None)
    assert bucket.blob("here").exists()
    assert not bucket.blob("there").exists()


def test_compose_refuses_a_source_of_another_generation(bucket: Bucket) -> None:
    bucket.blob("part").upload_from_string("1")
    with pytest.raises(exceptions.PreconditionFailed):
        bucket.blob("whole").compose([bucket.blob("part")], if_source_generation_match=[1], retry=None)


def test_reading_what_is_known_already_answers_not_modified(bucket: Bucket) -> None:
    blob = bucket.blob("known")
    blob.upload_from_string("x")
    with pytest.raises(exceptions.NotModified):
        bucket.blob("known").reload(if_generation_not_match=blob.generation, retry=None)
    with pytest.raises(exceptions.NotModified):
        bucket.blob("known").reload(if_etag_not_match=blob.etag, retry=None)


def test_a_condition_on_a_missing_object_is_not_found(bucket: Bucket) -> None:
    with pytest.raises(exceptions.NotFound):
        bucket.blob("missing").delete(if_generation_match=5, retry=None)


def test_a_held_object_cannot_be_deleted_or_overwritten(bucket: Bucket) -> None:
    blob = bucket.blob("held")
    blob.upload_from_string("x")
    blob.temporary_hold = True
    blob.patch()
    with pytest.raises(exceptions.Forbidden):
        bucket.blob("held").delete(retry=None)
    with pytest.raises(exceptions.Forbidden):
        bucket.blob("held").upload_from_string("y", retry=None)
    blob.temporary_hold = False
    blob.patch()
    bucket.blob("held").delete()


def test_an_empty_object_downloads_in_chunks(bucket: Bucket) -> None:
    bucket.blob("empty").upload_from_string("")
    sink = io.BytesIO()
    bucket.blob("empty", chunk_size=256 * 1024).download_to_file(sink, retry=None)
    assert sink.getvalue() == b""


def test_a_gzip_file_of_two_members_is_inflated_whole(bucket: Bucket, http: Send) -> None:
    blob = bucket.blob("members")
    blob.content_encoding = "gzip"
    blob.upload_from_string(gzip.compress(b"a") + gzip.compress(b"b"))
    answer = http("GET", "/storage/v1/b/pond/o/members?alt=media", headers={"accept-encoding": "identity"})
    assert answer.content == b"ab"


def test_fields_cut_the_answer(bucket: Bucket, http: Send) -> None:
    bucket.blob("cut/a").upload_from_string("abc")
    assert http("GET", "/storage/v1/b/pond/o/cut%2Fa?fields=name,size").json() == {"name": "cut/a", "size": "3"}
    listed = http("GET", "/storage/v1/b/pond/o?prefix=cut/&fields=items(name)").json()
    assert listed == {"items": [{"name": "cut/a"}]}


def test_every_version_is_listed_once_across_pages(bucket: Bucket) -> None:
    versioned = bucket.client.bucket("versions")
    versioned.versioning_enabled = True
    versioned.create()
    for number in range(5):
        versioned.blob("x").upload_from_string(str(number))
    found = [blob.generation for blob in versioned.list_blobs(versions=True, page_size=2)]
    assert found == sorted(set(found))
    assert len(found) == 5


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/storage/v1/b/pond/acl", 501),
        ("GET", "/storage/v1/b/pond/iam", 501),
        ("GET", "/storage/v1/b/pond/o/x/acl", 501),
        ("POST", "/storage/v1/b/pond/o/x/restore?generation=1", 501),
        ("POST", "/upload/storage/v1/b/pond/o?uploadType=media&name=z&predefinedAcl=publicRead", 501),
        ("GET", "/pond/x?X-Goog-Signature=aa", 501),
        ("GET", "/storage/v1/b/pond/o?softDeleted=true", 501),
        ("GET", "/storage/v1/b/pond/o/x?generation=latest", 400),
        ("GET", "/storage/v1/b/pond/o?fields=items(name", 400),
        ("GET", "/storage/v1/b/pond/o?pageToken=a", 400),
        ("POST", "/storage/v1/b", 400),
        ("GET", "/storage/v1/b/pond/notificationConfigs/x", 404),
        ("POST", "/upload/storage/v1/b/pond/o?uploadType=media&name=a%0Ab", 400),
        ("POST", "/upload/storage/v1/b/pond/o?uploadType=multipart", 400),
    ],
)
def test_what_is_wrong_or_not_served_is_refused_by_name(
    bucket: Bucket, http: Send, method: str, path: str, status: int
) -> None:
    answer = http(method, path, data=b"{" if method == "POST" else b"")
    assert (answer.status_code, bool(answer.json()["error"]["message"])) == (status, True)
