"""What storage decides without a disk or a socket: conditions, listings, ranges, selections, names, checksums."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from laptop.http import ApiError
from laptop.storage.answers import parse_fields, read_selection, select
from laptop.storage.blobs import Content
from laptop.storage.buckets import is_valid_name
from laptop.storage.checksums import expected_checksums, require_checksums
from laptop.storage.listing import compile_glob, list_page, start_of
from laptop.storage.objects import require_valid_name
from laptop.storage.preconditions import NotModifiedError, check, check_etag, number
from laptop.storage.refusals import refuse_unserved, refuse_unserved_fields
from laptop.storage.resumable import Chunk, read_chunk
from laptop.storage.uploads import split_multipart
from laptop.storage.xml_api import read_part_numbers

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "listings.yaml").read_text())
LIVE = {"generation": "5", "metageneration": "2", "etag": "5/2"}


def code_of(action: Any) -> int:
    with pytest.raises(ApiError) as caught:
        action()
    return caught.value.code


def resources(start: str = "") -> Iterator[dict[str, Any]]:
    """The bucket as its catalog reads it: in name order, from a name on."""
    return ({"name": name, "generation": "1"} for name in sorted(CASES["names"]) if name >= start)


def ask(given: dict[str, str]) -> dict[str, Any]:
    return list_page(resources(start_of(given)), given)


def names(page: dict[str, Any]) -> list[str]:
    return [item["name"] for item in page.get("items", [])]


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["name"])
def test_a_listing_holds_what_the_documentation_says(case: dict[str, Any]) -> None:
    page = ask(case["ask"])
    assert names(page) == case["items"]
    assert page.get("prefixes", []) == case.get("prefixes", [])
    assert ("nextPageToken" in page) == case.get("more", False)


@pytest.mark.parametrize("size", ["1", "2", "3", "100"])
@pytest.mark.parametrize(
    "given", [{}, {"delimiter": "/"}, {"prefix": "photos/"}, {"delimiter": "/", "prefix": "e"}], ids=str
)
def test_pages_hold_everything_once_and_no_more_than_asked(given: dict[str, str], size: str) -> None:
    whole, token = ask(given), ""
    items: list[str] = []
    prefixes: list[str] = []
    while True:
        page = ask({**given, "maxResults": size, "pageToken": token})
        assert len(page.get("items", [])) + len(page.get("prefixes", [])) <= int(size)
        items, prefixes, token = items + names(page), prefixes + page.get("prefixes", []), page.get("nextPageToken", "")
        if not token:
            break
    assert (items, prefixes) == (names(whole), whole.get("prefixes", []))


@pytest.mark.parametrize("token", ["a", "//8=", "!!!!"])
def test_a_page_token_that_is_none_is_refused(token: str) -> None:
    assert code_of(lambda: ask({"pageToken": token})) == 400


@pytest.mark.parametrize(("glob", "case"), CASES["globs"])
def test_a_glob_matches_what_the_documentation_says(glob: str, case: dict[str, list[str]]) -> None:
    pattern = compile_glob(glob)
    assert [name for name in case["match"] if not pattern.fullmatch(name)] == []
    assert [name for name in case.get("miss", []) if pattern.fullmatch(name)] == []


@pytest.mark.parametrize(
    ("current", "given", "holds"),
    [
        (LIVE, {}, True),
        (LIVE, {"ifGenerationMatch": "5"}, True),
        (LIVE, {"ifGenerationMatch": "4"}, False),
        (LIVE, {"ifGenerationMatch": "0"}, False),
        (None, {"ifGenerationMatch": "0"}, True),
        (None, {"ifGenerationMatch": "5"}, False),
        (LIVE, {"ifGenerationNotMatch": "4"}, True),
        (LIVE, {"ifGenerationNotMatch": "5"}, False),
        (LIVE, {"ifGenerationNotMatch": "0"}, True),
        (None, {"ifGenerationNotMatch": "0"}, False),
        (None, {"ifGenerationNotMatch": "5"}, True),
        (LIVE, {"ifMetagenerationMatch": "2"}, True),
        (LIVE, {"ifMetagenerationMatch": "1"}, False),
        (None, {"ifMetagenerationMatch": "1"}, False),
        (LIVE, {"ifMetagenerationNotMatch": "1"}, True),
        (LIVE, {"ifMetagenerationNotMatch": "2"}, False),
        (LIVE, {"ifGenerationMatch": "5", "ifMetagenerationMatch": "1"}, False),
        (LIVE, {"ifGenerationMatch": "5", "ifMetagenerationMatch": "2"}, True),
        (LIVE, {"ifGenerationMatch": ""}, True),
    ],
)
def test_a_change_needs_all_its_preconditions(current: Any, given: dict[str, str], holds: bool) -> None:
    if holds:
        check(current, given)
    else:
        assert code_of(lambda: check(current, given)) == 412


def test_a_read_whose_not_match_fails_is_not_modified() -> None:
    for given in ({"ifGenerationNotMatch": "5"}, {"ifMetagenerationNotMatch": "2"}):
        with pytest.raises(NotModifiedError):
            check(LIVE, given, reading=True)
    assert code_of(lambda: check(LIVE, {"ifGenerationMatch": "4"}, reading=True)) == 412


def test_conditions_on_a_source_have_names_of_their_own() -> None:
    check(LIVE, {"ifGenerationMatch": "4", "ifSourceGenerationMatch": "5"}, prefix="ifSource")
    assert code_of(lambda: check(LIVE, {"ifSourceGenerationMatch": "4"}, prefix="ifSource")) == 412
    assert code_of(lambda: check(LIVE, {"ifSourceMetagenerationNotMatch": "2"}, prefix="ifSource")) == 412


@pytest.mark.parametrize("text", ["x", "-1", "1.5", " 5", "٥", "0x5"])
def test_a_condition_is_a_whole_number(text: str) -> None:
    assert code_of(lambda: check(LIVE, {"ifGenerationMatch": text})) == 400
    assert code_of(lambda: number({"generation": text}, "generation")) == 400


@pytest.mark.parametrize(
    ("headers", "outcome"),
    [
        ({}, "fine"),
        ({"if-match": '"5/2"'}, "fine"),
        ({"if-match": "*"}, "fine"),
        ({"if-match": '"1/1", "5/2"'}, "fine"),
        ({"if-match": '"1/1"'}, "failed"),
        ({"if-none-match": '"1/1"'}, "fine"),
        ({"if-none-match": '"5/2"'}, "not modified"),
        ({"if-none-match": "*"}, "not modified"),
    ],
)
def test_etags_decide_a_read(headers: dict[str, str], outcome: str) -> None:
    if outcome == "not modified":
        with pytest.raises(NotModifiedError):
            check_etag(LIVE, headers)
    elif outcome == "failed":
        assert code_of(lambda: check_etag(LIVE, headers)) == 412
    else:
        check_etag(LIVE, headers)


@pytest.mark.parametrize(
    ("header", "chunk"),
    [
        ("bytes 0-9/10", (0, 10, 10)),
        ("bytes 0-9/*", (0, 10, None)),
        ("bytes 262144-524287/600000", (262144, 524288, 600000)),
        ("bytes */10", (None, None, 10)),
        ("bytes */*", (None, None, None)),
        ("bytes 0-*/*", (0, None, 0)),
        ("bytes 5-*/10", (5, None, 10)),
        ("bytes */0", (None, None, 0)),
    ],
)
def test_a_content_range_says_what_a_chunk_carries(header: str, chunk: tuple[Any, ...]) -> None:
    start, end, total = chunk
    assert read_chunk({"content-range": header}) == Chunk(start=start, end=end, total=total)


@pytest.mark.parametrize(
    "header", ["", "0-9/10", "bytes 0-9", "bytes 9-0/10", "bytes 0-10/10", "bytes -5/10", "bytes 0-9/x", "bits 0-9/1"]
)
def test_a_content_range_that_makes_no_sense_is_refused(header: str) -> None:
    assert code_of(lambda: read_chunk({"content-range": header})) == 400


@pytest.mark.parametrize(("length", "chunk"), [("7", (0, 7, 7)), ("0", (0, 0, 0)), (None, (0, None, 0))])
def test_without_a_content_range_the_body_is_the_whole(length: Any, chunk: tuple[Any, ...]) -> None:
    headers = {"content-length": length} if length is not None else {}
    assert read_chunk(headers) == Chunk(start=chunk[0], end=chunk[1], total=chunk[2])


RESOURCE = {"name": "n", "size": "3", "metadata": {"a": "1", "b": "2"}}
LISTING = {"kind": "k", "items": [RESOURCE, {**RESOURCE, "name": "m"}], "nextPageToken": "t"}


@pytest.mark.parametrize(
    ("value", "fields", "kept"),
    [
        (RESOURCE, "name", {"name": "n"}),
        (RESOURCE, "name,size", {"name": "n", "size": "3"}),
        (RESOURCE, "metadata", {"metadata": {"a": "1", "b": "2"}}),
        (RESOURCE, "metadata/a", {"metadata": {"a": "1"}}),
        (RESOURCE, "metadata(a,b)", {"metadata": {"a": "1", "b": "2"}}),
        (RESOURCE, "*", RESOURCE),
        (RESOURCE, "missing", {}),
        (LISTING, "items(name)", {"items": [{"name": "n"}, {"name": "m"}]}),
        (LISTING, "items/name,nextPageToken", {"items": [{"name": "n"}, {"name": "m"}], "nextPageToken": "t"}),
        (LISTING, "items(metadata(b)),kind", {"items": [{"metadata": {"b": "2"}}] * 2, "kind": "k"}),
        (LISTING, " items ( name ) ", {"items": [{"name": "n"}, {"name": "m"}]}),
    ],
)
def test_fields_cut_an_answer(value: Any, fields: str, kept: Any) -> None:
    assert select(value, read_selection(fields)) == kept


@pytest.mark.parametrize("fields", ["items(name", "items)", "a(b(c)", "a,b)"])
def test_fields_that_do_not_close_are_refused(fields: str) -> None:
    assert code_of(lambda: read_selection(fields)) == 400


@pytest.mark.parametrize(("body", "fields"), [(b"", {}), (b"  ", {}), (b'{"a": 1}', {"a": 1})])
def test_a_body_is_a_json_object(body: bytes, fields: dict[str, Any]) -> None:
    assert parse_fields(body) == fields


@pytest.mark.parametrize("body", [b"{", b"[]", b"5", b"null", b"\xff"])
def test_a_body_that_is_none_is_refused(body: bytes) -> None:
    assert code_of(lambda: parse_fields(body)) == 400


@pytest.mark.parametrize("name", ["abc", "a-b_c.d", "1bucket2", "a" * 63, ".".join(["a" * 63] * 3)])
def test_a_bucket_may_be_called_so(name: str) -> None:
    assert is_valid_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "ab",
        "Abc",
        "-abc",
        "abc-",
        "a/b",
        "a b",
        "a" * 64,
        "a..b",
        "192.168.5.4",
        "googly",
        "my-google-data",
        "é" * 3,
        "a" * 63 + "." + "b" * 64,
    ],
)
def test_a_bucket_may_not_be_called_so(name: str) -> None:
    assert not is_valid_name(name)


@pytest.mark.parametrize("name", ["a", "a/b//c", "...", "é", "x" * 1024, "a b#?[]", "%2F"])
def test_an_object_may_be_called_so(name: str) -> None:
    require_valid_name(name)


@pytest.mark.parametrize("name", ["", ".", "..", "a\nb", "a\rb", "a\0b", "x" * 1025, "é" * 513])
def test_an_object_may_not_be_called_so(name: str) -> None:
    assert code_of(lambda: require_valid_name(name)) == 400


CONTENT = Content(id="c", size=1, md5="MD5", crc32c="CRC")


@pytest.mark.parametrize(
    ("fields", "headers", "code"),
    [
        ({}, {}, 0),
        ({"md5Hash": "MD5", "crc32c": "CRC"}, {}, 0),
        ({"md5Hash": "other"}, {}, 400),
        ({"crc32c": "other"}, {}, 400),
        ({}, {"x-goog-hash": "crc32c=CRC,md5=MD5"}, 0),
        ({}, {"x-goog-hash": "crc32c=CRC, md5=other"}, 400),
        ({}, {"x-goog-hash": "sha256=x"}, 501),
        ({}, {"content-md5": "MD5"}, 0),
        ({}, {"content-md5": "other"}, 400),
    ],
)
def test_a_promised_checksum_is_compared(fields: dict[str, str], headers: dict[str, str], code: int) -> None:
    def require() -> None:
        require_checksums(CONTENT, expected_checksums(fields, headers))

    if code:
        assert code_of(require) == code
    else:
        require()


def test_a_composed_object_is_compared_by_its_crc32c_alone() -> None:
    composed = Content(id="c", size=1, md5="", crc32c="CRC")
    require_checksums(composed, expected_checksums({"md5Hash": "anything", "crc32c": "CRC"}, {}))
    assert code_of(lambda: require_checksums(composed, expected_checksums({"crc32c": "other"}, {}))) == 400


def multipart(boundary: str, metadata: str, data: bytes, kind: str = "text/plain") -> bytes:
    return (
        f"--{boundary}\r\nContent-Type: application/json\r\n\r\n{metadata}\r\n--{boundary}\r\nContent-Type: {kind}\r\n\r\n".encode()
        + data
        + f"\r\n--{boundary}--\r\n".encode()
    )


@pytest.mark.parametrize("data", [b"", b"hello", b"\r\n", b"--b", b"\r\n--", b"\x00\xff" * 10])
@pytest.mark.parametrize("header", ["multipart/related; boundary=b0", 'multipart/related; boundary="b0"'])
def test_a_multipart_body_is_its_metadata_and_its_bytes(header: str, data: bytes) -> None:
    fields, found = split_multipart(header, multipart("b0", '{"name": "n"}', data))
    assert (fields, found) == ({"name": "n", "contentType": "text/plain"}, data)


def test_a_content_type_in_the_metadata_wins() -> None:
    fields, _ = split_multipart("multipart/related; boundary=b", multipart("b", '{"contentType": "image/png"}', b""))
    assert fields["contentType"] == "image/png"


@pytest.mark.parametrize(
    ("header", "body"),
    [
        ("multipart/related", multipart("b", "{}", b"")),
        ("multipart/related; boundary=c", multipart("b", "{}", b"")),
        ("multipart/related; boundary=b", b"--b\r\n\r\n{}\r\n--b--\r\n"),
        ("multipart/related; boundary=b", multipart("b", "{", b"")),
        ("multipart/related; boundary=b", b""),
    ],
)
def test_a_multipart_body_that_is_none_is_refused(header: str, body: bytes) -> None:
    assert code_of(lambda: split_multipart(header, body)) == 400


def completion(*numbers: object) -> bytes:
    parts = "".join(f"<Part><PartNumber>{number}</PartNumber><ETag>x</ETag></Part>" for number in numbers)
    return f'<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{parts}</CompleteMultipartUpload>'.encode()


def test_a_completion_names_its_parts_in_order() -> None:
    assert read_part_numbers(completion(1, 2, 10)) == [1, 2, 10]


@pytest.mark.parametrize(
    "body", [completion(), completion(2, 1), completion(1, 1), completion("x"), completion(""), b"<open", b""]
)
def test_a_completion_that_makes_no_sense_is_refused(body: bytes) -> None:
    assert code_of(lambda: read_part_numbers(body)) == 400


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ({"predefinedAcl": "publicRead"}, {}),
        ({"kmsKeyName": "k"}, {}),
        ({"userProject": "p"}, {}),
        ({"softDeleted": "true"}, {}),
        ({}, {"x-goog-encryption-algorithm": "AES256"}),
        ({}, {"x-goog-acl": "private"}),
    ],
)
def test_what_would_be_ignored_is_refused_by_name(query: dict[str, str], headers: dict[str, str]) -> None:
    assert code_of(lambda: refuse_unserved(query, headers)) == 501


def test_what_asks_for_nothing_is_let_through() -> None:
    refuse_unserved({"softDeleted": "false", "userProject": "", "prefix": "x"}, {"accept": "*/*"})
    refuse_unserved_fields({"acl": [], "encryption": {"defaultKmsKeyName": ""}, "cors": None, "labels": {"a": "b"}})


@pytest.mark.parametrize(
    "field", [{"acl": [{}]}, {"retentionPolicy": {"retentionPeriod": "5"}}, {"autoclass": {"enabled": True}}]
)
def test_a_field_that_would_change_what_happens_is_refused(field: dict[str, Any]) -> None:
    assert code_of(lambda: refuse_unserved_fields(field)) == 501


def test_a_token_is_opaque_text_of_the_last_key() -> None:
    page = ask({"maxResults": "1"})
    assert base64.urlsafe_b64decode(page["nextPageToken"]).decode().startswith("a/b")
