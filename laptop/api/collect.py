"""Write `methods/*.json` from Google's own descriptions: `python -m laptop.api.collect DOCUMENTS`.

DOCUMENTS is the folder of discovery documents that comes with the PyPI package google-api-python-client
(`googleapiclient/discovery_cache/documents`). The gRPC services are listed by the installed google-cloud-* packages.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

REST = (
    "storage.v1",
    "bigquery.v2",
    "dataform.v1",
    "workflows.v1",
    "workflowexecutions.v1",
    "aiplatform.v1",
    "run.v2",
    "cloudscheduler.v1",
    "secretmanager.v1",
    "eventarc.v1",
)
RPC = {
    "google.pubsub_v1": "google-cloud-pubsub",
    "google.cloud.firestore_v1": "google-cloud-firestore",
    "google.cloud.firestore_admin_v1": "google-cloud-firestore",
    "google.cloud.workflows.executions_v1": "google-cloud-workflows",
}
FOLDER = Path(__file__).with_name("methods")
Document = dict[str, Any]


def list_rest(document: Document) -> Document:
    """`{method id: "VERB /path"}` of a discovery document, uploads as methods of their own. Pure."""
    methods = {}
    for method in _walk(document):
        path = document["servicePath"] + method.get("flatPath", method["path"])
        methods[method["id"]] = f"{method['httpMethod']} /{path}"
        for protocol, upload in method.get("mediaUpload", {}).get("protocols", {}).items():
            if protocol == "simple":
                methods[f"{method['id']} (upload)"] = f"{method['httpMethod']} {upload['path'].replace('{+', '{')}"
    source = f"discovery document {document['id']}, revision {document['revision']}"
    return {"title": f"{document['title']} {document['version']}", "source": source, "methods": methods}


def _walk(resource: Document) -> Iterator[Document]:
    yield from resource.get("methods", {}).values()
    for inner in resource.get("resources", {}).values():
        yield from _walk(inner)


def list_rpc(metadata: Document, source: str) -> Document:
    """`{service: [method]}` of a package's `gapic_metadata.json`. Pure."""
    prefix = metadata["protoPackage"]
    services = {
        f"{prefix}.{name}": sorted(service["clients"]["grpc"]["rpcs"]) for name, service in metadata["services"].items()
    }
    return {"title": prefix, "source": source, "services": services}


def _write(name: str, listed: Document) -> None:
    (FOLDER / f"{name}.json").write_text(json.dumps(listed, indent=1, sort_keys=True) + "\n")


def main(documents: Path) -> None:
    for name in REST:
        _write(name, list_rest(json.loads((documents / f"{name}.json").read_text())))
    for module, package in RPC.items():
        metadata = json.loads(files(module).joinpath("gapic_metadata.json").read_text())
        _write(metadata["protoPackage"], list_rpc(metadata, f"{package} {version(package)}"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
