"""Versions of the model in the Vertex AI registry: which is champion, and how a challenger gets in."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pipelines.repeat_purchase.job import MODEL

if TYPE_CHECKING:
    from google.cloud.aiplatform_v1.services.model_service import ModelServiceClient


def open_registry(project: str, location: str) -> Registry:
    """The registry at RIPPLE_ENDPOINT_VERTEX when that is set, else at the region's endpoint."""
    from google.cloud.aiplatform_v1.services.model_service import ModelServiceClient

    parent = f"projects/{project}/locations/{location}"
    return Registry(ModelServiceClient(transport=_make_transport(location)), parent)


def _make_transport(location: str) -> Any:
    from google.cloud.aiplatform_v1.services.model_service.transports.rest import ModelServiceRestTransport

    endpoint = os.environ.get("RIPPLE_ENDPOINT_VERTEX", "")
    if not endpoint.startswith("http://"):
        host = endpoint.removeprefix("https://") or f"{location}-aiplatform.googleapis.com"
        return ModelServiceRestTransport(host=host)
    from google.auth.credentials import AnonymousCredentials

    host = endpoint.removeprefix("http://").rstrip("/")
    return ModelServiceRestTransport(host=host, url_scheme="http", credentials=AnonymousCredentials())  # type: ignore[no-untyped-call]


class Registry:
    """The versions of one model under `parent` (`projects/P/locations/L`)."""

    def __init__(self, client: ModelServiceClient, parent: str) -> None:
        self._client = client
        self._parent = parent
        self._name = f"{parent}/models/{MODEL}"

    def find_champion(self) -> Any | None:
        """The version with alias `champion`, None if there is none yet."""
        from google.api_core.exceptions import NotFound

        try:
            return self._client.get_model(name=f"{self._name}@champion")
        except NotFound:
            return None

    def register(self, *, job: str, artifact_uri: str, image: str, labels: dict[str, str], description: str) -> str:
        """Upload a version as `challenger`, or find the one this job uploaded before; returns the version id."""
        versions = self._list_versions()
        for version in versions:
            if version.labels.get("job") == job:
                return str(version.version_id)
        model = {
            "display_name": MODEL,
            "artifact_uri": artifact_uri,
            "labels": {**labels, "job": job},
            "version_aliases": ["challenger"],
            "version_description": description,
            "container_spec": {"image_uri": image},
        }
        naming = {"parent_model": self._name} if versions else {"model_id": MODEL}
        upload = self._client.upload_model(request={"parent": self._parent, "model": model, **naming})
        return str(upload.result().model_version_id)  # type: ignore[no-untyped-call]

    def promote(self, version: str) -> None:
        """Move the alias `champion` to a version; it leaves the version that had it."""
        self._client.merge_version_aliases(name=f"{self._name}@{version}", version_aliases=["champion"])

    def _list_versions(self) -> list[Any]:
        from google.api_core.exceptions import NotFound

        try:
            return list(self._client.list_model_versions(name=self._name))
        except NotFound:
            return []
