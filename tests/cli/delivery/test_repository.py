"""What a commit changes of what is committed."""

from __future__ import annotations

import pytest
from google.api_core.exceptions import BadRequest, Forbidden, GoogleAPICallError, NotFound, ServiceUnavailable
from google.rpc.error_details_pb2 import ErrorInfo

from cli.provisioning.clients import AdminClients
from cli.provisioning.repository import commit_dataform, decide_operations, read_committed, says_nothing_is_there
from tests.cli.delivery.site import Site

DISABLED = Forbidden("no", error_info=ErrorInfo(reason="SERVICE_DISABLED"))


def test_what_differs_is_written_and_what_is_gone_is_deleted() -> None:
    operations = decide_operations({"same": b"1", "old": b"1", "gone": b"1"}, {"same": b"1", "old": b"2", "new": b"3"})
    written = {
        path: operation.write_file.contents for path, operation in operations.items() if "write_file" in operation
    }
    assert written == {"old": b"2", "new": b"3"}
    assert [path for path, operation in operations.items() if "delete_file" in operation] == ["gone"]


def test_a_commit_makes_the_repository_what_it_should_be_and_none_is_made_for_nothing(site: Site) -> None:
    clients = AdminClients({**site.clients.environ, "RIPPLE_LOCATION": "europe-west1"})
    assert read_committed(clients) == {}
    files = {"workflow_settings.yaml": b"a: 1\n", "definitions/gold/t.sqlx": b"SELECT 1"}
    assert commit_dataform(clients, files, "one")
    assert commit_dataform(clients, files, "again") == ""
    assert read_committed(clients) == files
    fewer = {"workflow_settings.yaml": b"a: 2\n"}
    assert commit_dataform(clients, fewer, "two")
    assert read_committed(clients) == fewer


@pytest.mark.parametrize(
    ("error", "nothing"),
    [
        (NotFound("no repository"), True),
        (BadRequest("no commit"), True),
        (DISABLED, True),
        (BadRequest("page_size is negative"), False),
        (Forbidden("not you"), False),
        (ServiceUnavailable("later"), False),
    ],
    ids=["no repository", "no commit", "not enabled", "malformed", "not allowed", "away"],
)
def test_only_an_empty_place_is_taken_for_one(error: GoogleAPICallError, nothing: bool) -> None:
    assert says_nothing_is_there(error) == nothing
