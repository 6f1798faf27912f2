"""Put files into Bronze."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from google.api_core.exceptions import PreconditionFailed

from cli.delivery.releases import Release, Releases, find_deployed
from cli.provisioning.clients import AdminClients
from cli.provisioning.repository import commit_dataform, read_committed_file, read_project
from ripple.errors import PermanentError
from ripple.flows.dataform_module import PATH
from ripple.wire.paths import bronze_name, parse_bronze_name


def name_file(file: Path, flow: str, day: str) -> str:
    """The file's name in Bronze; PermanentError for a flow, a day or a name that there is not. Pure."""
    stem, _, suffix = file.name.partition(".")
    name = bronze_name(flow, day, stem, suffix)
    parse_bronze_name(name)
    return name


def drop_file(environ: Mapping[str, str], file: Path, flow: str, day: str) -> str:
    """Upload under the flow's name; the object's URI. A name that is taken stays as it is."""
    name = name_file(file, flow, day)
    clients = AdminClients(environ)
    blob = clients.storage.bucket(f"{clients.project}-bronze").blob(name)
    try:
        blob.upload_from_filename(str(file), if_generation_match=0)
    except PreconditionFailed:
        raise FileExistsError(f"gs://{blob.bucket.name}/{name} exists: Bronze is never rewritten") from None
    return f"gs://{blob.bucket.name}/{name}"


def find_release(environ: Mapping[str, str]) -> Release | None:
    """The release that runs there; None where a working tree was deployed, or nothing."""
    clients = AdminClients(environ)
    return find_deployed(Releases(clients.storage.bucket(f"{clients.project}-models")).list_all())


def commit_flows(environ: Mapping[str, str], root: Path) -> None:
    """Let Dataform have the flows of the checkout that runs there, if they have changed. Functions read them as they are."""
    clients, wanted = AdminClients(environ), read_project(root / "dataform")
    if read_committed_file(clients, PATH) != wanted[PATH]:
        commit_dataform(clients, wanted, "Take up the flows as they are now")


def expect_deployed(flow: str, release: Release | None) -> None:
    """PermanentError if the release that runs there has no such flow: its `land_object` would refuse the file. Pure."""
    if release is not None and flow not in release.manifest.contracts:
        known = ", ".join(release.manifest.contracts)
        reason = f"release {release.number} is deployed, and has no flow {flow!r}; its flows: {known}"
        raise PermanentError("flow_unknown", reason, "deploy it first: ripple deploy")
