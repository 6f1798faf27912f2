"""Build the two images with Cloud Build, as the checkout's `cloudbuild.yaml` says, by the hash of what they are built from."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from google.api_core.exceptions import PreconditionFailed
from google.cloud.devtools import cloudbuild_v1
from google.protobuf.json_format import ParseDict

from cli.delivery.archive import list_files
from cli.provisioning.clients import AdminClients
from ripple.errors import PermanentError

CONFIG = "cloudbuild.yaml"
NAMES = ("generators", "pipelines")
CONTEXT = ("flows", "generators", "pipelines", "ripple", "requirements")
"""What the Dockerfiles copy from."""
TIMEOUT_SECONDS = 2400


def tag_of(digests: Mapping[str, str]) -> str:
    """One tag for all images of these sources. The registry keeps what begins with `release-`, so that it can be rolled back to."""
    text = "".join(f"{name} {digest}\n" for name, digest in sorted(digests.items()))
    return f"release-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def pack_context(root: Path) -> bytes:
    """The build context as a gzipped tar, the same bytes for the same files."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for path in list_files(root, CONTEXT):
            entry, data = tarfile.TarInfo(str(path)), (root / path).read_bytes()
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return gzip.compress(held.getvalue(), mtime=0)


def upload_context(clients: AdminClients, data: bytes) -> tuple[str, str]:
    """Put the context into the sources bucket, where it stays for a month; its bucket and name."""
    bucket, name = f"{clients.project}-sources", f"images/{hashlib.sha256(data).hexdigest()}.tgz"
    with suppress(PreconditionFailed):  # its name is its content's: it is there already
        clients.storage.bucket(bucket).blob(name).upload_from_string(data, if_generation_match=0)
    return bucket, name


def describe_build(config: str, source: tuple[str, str], region: str, tag: str) -> cloudbuild_v1.Build:
    """The build that `config`, a `cloudbuild.yaml`, describes, of a source and for a tag. Pure."""
    document = yaml.safe_load(config)
    document["substitutions"] = {**document.get("substitutions", {}), "_REGION": region, "_TAG": tag}
    document["source"] = {"storageSource": {"bucket": source[0], "object": source[1]}}
    build = cloudbuild_v1.Build()
    ParseDict(document, cloudbuild_v1.Build.pb(build))
    return build


def read_digests(build: cloudbuild_v1.Build, registry: str, tag: str) -> dict[str, str]:
    """Each image by name as `{registry}/{name}@sha256:...`; PermanentError if the build made not all of them. Pure."""
    made = {image.name: image.digest for image in build.results.images}
    missing = [name for name in NAMES if not made.get(f"{registry}/{name}:{tag}")]
    if missing:
        reason = f"build {build.id} pushed no {', '.join(missing)}: {build.status_detail or build.status.name}"
        raise PermanentError("build_failed", reason, f"see its log: {build.log_url}")
    return {name: f"{registry}/{name}@{made[f'{registry}/{name}:{tag}']}" for name in NAMES}


def run_build(builder: Any, parent: str, build: cloudbuild_v1.Build) -> cloudbuild_v1.Build:
    """Run it and wait; `builder` is a CloudBuildClient, `parent` `projects/P/locations/R`."""
    request = cloudbuild_v1.CreateBuildRequest(parent=parent, project_id=parent.split("/")[1], build=build)
    done: cloudbuild_v1.Build = builder.create_build(request=request).result(timeout=TIMEOUT_SECONDS)
    return done
