"""The Dataform project in its repository: what is committed, and a commit that makes it what it should be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from google.api_core.exceptions import AlreadyExists, BadRequest, Conflict, Forbidden, GoogleAPICallError, NotFound
from google.cloud import dataform_v1

from cli.provisioning.clients import AdminClients
from ripple.deployment.routes import REPOSITORY
from ripple.errors import PermanentError
from ripple.flows import FlowFolder
from ripple.flows.dataform_module import PATH, write_declared

Files = Mapping[str, bytes]
_Operation = dataform_v1.CommitRepositoryChangesRequest.FileOperation
_READERS = 8


def commit_dataform(clients: AdminClients, files: Files, message: str) -> str:
    """Make the repository hold exactly `files`, by path, in one commit; its sha, or "" if nothing differs."""
    with suppress(AlreadyExists, Conflict):
        clients.dataform.create_repository(
            parent=clients.parent, repository=dataform_v1.Repository(), repository_id=REPOSITORY
        )
    operations = decide_operations(read_committed(clients), files)
    if not operations:
        return ""
    author = dataform_v1.CommitAuthor(name="ripple", email_address="ripple@localhost.localdomain")
    metadata = dataform_v1.CommitMetadata(author=author, commit_message=message)
    request = dataform_v1.CommitRepositoryChangesRequest(
        name=name_of(clients), commit_metadata=metadata, file_operations=operations
    )
    return str(clients.dataform.commit_repository_changes(request=request).commit_sha)


def decide_operations(committed: Files, wanted: Files) -> dict[str, _Operation]:
    """Write what differs, delete what is no more. Pure."""
    writes = {
        path: _Operation(write_file=_Operation.WriteFile(contents=content))
        for path, content in wanted.items()
        if committed.get(path) != content
    }
    gone = sorted(committed.keys() - wanted.keys())
    return writes | {path: _Operation(delete_file=_Operation.DeleteFile()) for path in gone}


def read_committed(clients: AdminClients) -> dict[str, bytes]:
    """The files at the repository's head; empty if there is no repository, or no commit in it."""
    try:
        paths = list(_list_files(clients, ""))
    except GoogleAPICallError as error:
        if not says_nothing_is_there(error):
            raise
        return {}

    def read(path: str) -> tuple[str, bytes]:
        request = dataform_v1.ReadRepositoryFileRequest(name=name_of(clients), path=path)
        return path, bytes(clients.dataform.read_repository_file(request=request).contents)

    with ThreadPoolExecutor(_READERS) as pool:
        return dict(pool.map(read, paths))


def read_committed_file(clients: AdminClients, path: str) -> bytes:
    """One file at the repository's head; empty if it is not there."""
    request = dataform_v1.ReadRepositoryFileRequest(name=name_of(clients), path=path)
    try:
        return bytes(clients.dataform.read_repository_file(request=request).contents)
    except NotFound:
        return b""


def says_nothing_is_there(error: GoogleAPICallError) -> bool:
    """No repository, no commit in it, or a bare project, whose Dataform is not even enabled. Pure."""
    disabled = isinstance(error, Forbidden) and error.reason == "SERVICE_DISABLED"
    without_commit = isinstance(error, BadRequest) and "commit" in str(error.message).lower()
    return isinstance(error, NotFound) or without_commit or disabled


def _list_files(clients: AdminClients, folder: str) -> Iterator[str]:
    request = dataform_v1.QueryRepositoryDirectoryContentsRequest(name=name_of(clients), path=folder, page_size=1000)
    for entry in clients.dataform.query_repository_directory_contents(request=request):
        if entry.file:
            yield _join(folder, entry.file)
        else:
            yield from _list_files(clients, _join(folder, entry.directory))


def _join(folder: str, entry: str) -> str:
    """The reference does not say whether an entry is a path or a name in its folder: both are taken."""
    return entry if not folder or entry.startswith(f"{folder}/") else f"{folder}/{entry}"


def name_of(clients: AdminClients) -> str:
    return f"{clients.parent}/repositories/{REPOSITORY}"


def read_project(folder: Path) -> dict[str, bytes]:
    """Every file of a checkout's Dataform project by its path, less what npm installed; what its flow files say is made of them.

    PermanentError names what is wrong with one of them.
    """
    files = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "node_modules" not in path.parts and not path.name.startswith(".")
    }
    flows = FlowFolder(folder.parent / "flows")
    if faults := flows.check():
        raise PermanentError("flow_invalid", "; ".join(faults), "correct the file: nothing was deployed")
    # A checkout of before had its flows elsewhere, and its module among its files.
    return files | ({PATH: write_declared(flows.read_all(), files).encode()} if flows.path.is_dir() else {})
