"""What users of google-cloud-storage rely on, against the laptop's server."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud.storage import Client

from laptop.storage.listing import compile_glob
from laptop.storage.server import start


def _client(address: str) -> Client:
    options = {"api_endpoint": f"http://{address}"}
    return Client(project="demo-proj", credentials=AnonymousCredentials(), client_options=options)


@pytest.fixture(scope="module")
def client(launch: Callable[..., object]) -> Client:
    client = _client(launch(start).address)
    client.create_bucket("lake")
    return client


def test_a_create_that_must_be_new_fails_when_the_object_exists(client: Client) -> None:
    blob = client.bucket("lake").blob("once")
    blob.upload_from_string("1", if_generation_match=0)
    with pytest.raises(exceptions.PreconditionFailed):
        client.bucket("lake").blob("once").upload_from_string("2", if_generation_match=0, retry=None)
    assert blob.download_as_bytes() == b"1"


def test_a_chunked_upload_is_invisible_until_it_is_whole(client: Client) -> None:
    data = os.urandom(1024 * 1024 + 7)
    blob = client.bucket("lake").blob("chunked")
    blob.chunk_size = 256 * 1024
    writer = blob.open("wb", ignore_flush=True)
    writer.write(data)
    assert not client.bucket("lake").blob("chunked").exists()
    writer.close()
    assert client.bucket("lake").blob("chunked").download_as_bytes() == data


def test_a_resumable_precondition_is_checked_again_at_the_end(client: Client) -> None:
    blob = client.bucket("lake").blob("race")
    session = blob.create_resumable_upload_session(if_generation_match=0)
    client.bucket("lake").blob("race").upload_from_string("first")
    assert requests.put(session, data=b"late", timeout=5).status_code == 412
    assert client.bucket("lake").blob("race").download_as_bytes() == b"first"


def test_names_with_slashes_spaces_and_umlauts_come_back(client: Client) -> None:
    name = "dt=2026-01-01/a b/ü%2F=1.txt"
    client.bucket("lake").blob(name).upload_from_string("x")
    assert [blob.name for blob in client.list_blobs("lake", prefix="dt=2026")] == [name]
    assert client.bucket("lake").get_blob(name).download_as_bytes() == b"x"


def test_a_listing_folds_pages_and_skips_nothing(client: Client) -> None:
    for folder in "abc":
        for number in range(3):
            client.bucket("lake").blob(f"fold/{folder}/{number}").upload_from_string("")
    listing = client.list_blobs("lake", prefix="fold/", delimiter="/", page_size=1)
    assert list(listing) == []
    assert sorted(listing.prefixes) == ["fold/a/", "fold/b/", "fold/c/"]
    assert len(list(client.list_blobs("lake", prefix="fold/", page_size=2))) == 9


def test_a_range_past_the_end_is_refused(client: Client) -> None:
    client.bucket("lake").blob("short").upload_from_string("abc")
    with pytest.raises(exceptions.RequestRangeNotSatisfiable):
        client.bucket("lake").blob("short").download_as_bytes(start=10, retry=None)


def test_a_copy_outlives_its_source(client: Client) -> None:
    bucket = client.bucket("lake")
    bucket.blob("from").upload_from_string("body")
    bucket.copy_blob(bucket.blob("from"), bucket, "to")
    bucket.blob("from").delete()
    assert bucket.blob("to").download_as_bytes() == b"body"


def test_a_wrong_checksum_stores_nothing(client: Client) -> None:
    blob = client.bucket("lake").blob("corrupt")
    blob.md5_hash = "AAAAAAAAAAAAAAAAAAAAAA=="
    with pytest.raises(exceptions.BadRequest):
        blob.upload_from_file(io.BytesIO(b"data"), size=4, retry=None)
    assert not client.bucket("lake").blob("corrupt").exists()


def test_what_was_acknowledged_is_there_after_a_kill(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "laptop.storage", "--state", str(tmp_path)]
    first, address = _run(command)
    _client(address).create_bucket("kept").blob("k").upload_from_string("still here")
    first.send_signal(signal.SIGKILL)
    first.wait()
    second, address = _run(command)
    try:
        assert _client(address).bucket("kept").blob("k").download_as_bytes() == b"still here"
    finally:
        second.kill()
        second.wait()


def _run(command: list[str]) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    address = process.stdout.readline().split()[-1]
    for _ in range(100):
        if requests.get(f"http://{address}/storage/v1/b", timeout=5).ok:
            break
        time.sleep(0.02)
    return process, address


@pytest.mark.parametrize(
    ("glob", "name", "matches"),
    [
        ("a/*", "a/b", True),
        ("a/*", "a/b/c", False),
        ("a/**", "a/b/c", True),
        ("a/**/c", "a/c", True),
        ("*.{json,csv}", "x.csv", True),
        ("[!a]x", "ax", False),
        ("?.txt", "a.txt", True),
        ("?.txt", "/.txt", False),
    ],
)
def test_globs_read_as_cloud_storage_reads_them(glob: str, name: str, matches: bool) -> None:
    assert bool(compile_glob(glob).fullmatch(name)) is matches
