"""What Cloud Build is asked for, and what is made of its answer."""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass, field
from typing import Any

import pytest
from google.cloud.devtools import cloudbuild_v1

from cli.delivery.images import (
    CONTEXT,
    NAMES,
    describe_build,
    pack_context,
    read_digests,
    run_build,
    tag_of,
    upload_context,
)
from cli.provisioning.sequence import ROOT
from ripple.errors import PermanentError
from tests.cli.delivery.site import Site

CONFIG = (ROOT / "cloudbuild.yaml").read_text()
REGISTRY = "europe-west1-docker.pkg.dev/shop-dev/ripple"
DIGESTS = {"generators": "a" * 64, "pipelines": "b" * 64}


@dataclass
class Builder:
    """Cloud Build that pushes the images it is asked to, but for `fails`."""

    fails: str = ""
    asked: list[cloudbuild_v1.CreateBuildRequest] = field(default_factory=list)

    def create_build(self, request: cloudbuild_v1.CreateBuildRequest) -> Any:
        self.asked.append(request)
        build = request.build
        tags = [f"{REGISTRY}/{name}:{build.substitutions['_TAG']}" for name in NAMES if name != self.fails]
        build.results = {"images": [{"name": tag, "digest": f"sha256:{number}"} for number, tag in enumerate(tags)]}
        return Done(build)


@dataclass
class Done:
    build: cloudbuild_v1.Build

    def result(self, timeout: float) -> cloudbuild_v1.Build:
        return self.build


def built(builder: Builder) -> dict[str, str]:
    build = describe_build(CONFIG, ("shop-dev-sources", "images/x.tgz"), "europe-west1", tag_of(DIGESTS))
    done = run_build(builder, "projects/shop-dev/locations/europe-west1", build)
    return read_digests(done, REGISTRY, tag_of(DIGESTS))


def test_images_are_named_by_the_digests_that_were_pushed() -> None:
    builder = Builder()
    assert built(builder) == {
        "generators": f"{REGISTRY}/generators@sha256:0",
        "pipelines": f"{REGISTRY}/pipelines@sha256:1",
    }


def test_a_build_is_that_of_the_checkout_for_this_source_region_and_tag() -> None:
    builder = Builder()
    built(builder)
    (request,) = builder.asked
    assert (request.parent, request.project_id) == ("projects/shop-dev/locations/europe-west1", "shop-dev")
    assert request.build.source.storage_source.object_ == "images/x.tgz"
    assert request.build.substitutions["_REGION"] == "europe-west1"
    assert request.build.substitutions["_TAG"] == tag_of(DIGESTS)
    assert [step.id for step in request.build.steps] == ["generators", "pipelines", "sbom"]


def test_an_image_that_was_not_pushed_fails_the_build_by_name() -> None:
    with pytest.raises(PermanentError, match="pushed no pipelines"):
        built(Builder(fails="pipelines"))


def test_the_same_sources_have_the_same_tag_and_the_registry_keeps_it() -> None:
    assert tag_of(DIGESTS) == tag_of(dict(reversed(DIGESTS.items())))
    assert tag_of(DIGESTS) != tag_of({**DIGESTS, "pipelines": "c" * 64})
    assert tag_of(DIGESTS).startswith("release-")


def test_a_context_holds_what_the_dockerfiles_copy_and_is_the_same_bytes_each_time() -> None:
    data = pack_context(ROOT)
    assert data == pack_context(ROOT)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        names = archive.getnames()
    assert {name.split("/")[0] for name in names} == set(CONTEXT)
    assert "generators/Dockerfile" in names
    assert not any("__pycache__" in name for name in names)


def test_a_context_is_uploaded_once(site: Site) -> None:
    site.clients.storage.bucket(f"{site.clients.project}-sources").create(location="us-central1")
    bucket, name = upload_context(site.clients, b"context")
    assert upload_context(site.clients, b"context") == (bucket, name)
    assert site.clients.storage.bucket(bucket).blob(name).download_as_bytes() == b"context"
