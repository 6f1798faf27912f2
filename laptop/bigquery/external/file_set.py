"""Which objects an external table or a load reads: those that its URIs match, or those that its manifests list.

https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language, `file_set_spec_type`: a manifest has one URI a
line, without wild cards, and the objects are in the manifest's own bucket.
"""

from __future__ import annotations

from laptop.bigquery.errors import invalid_query, unsupported
from laptop.bigquery.external.definition import Definition
from laptop.bigquery.external.lines import split_lines
from laptop.bigquery.external.objects import ObjectReader, ObjectVersion


def list_files(definition: Definition, store: ObjectReader) -> list[ObjectVersion]:
    """Each object once. Raises ApiError for an object that is named and not there, and for a manifest that is none."""
    found: dict[str, ObjectVersion] = {}
    for uri in definition.uris:
        items = _listed_by(uri, store) if definition.manifests else _matching(uri, store)
        found.update((item.uri, item) for item in items)
    return list(found.values())


def _matching(uri: str, store: ObjectReader) -> list[ObjectVersion]:
    if not uri.endswith("*"):
        return [_find(uri, store)]
    bucket, path = split_uri(uri)
    return [item for item in store.list_objects(bucket, path.removesuffix("*")) if not item.name.endswith("/")]


def _listed_by(manifest: str, store: ObjectReader) -> list[ObjectVersion]:
    uris = split_lines(store.read(_find(manifest, store)))
    check_manifest(manifest, uris)
    return [_find(uri, store) for uri in uris]


def check_manifest(manifest: str, uris: list[str]) -> None:
    """Raises ApiError, which names the manifest, for one that lists nothing or what may not be in it."""
    bucket, _ = split_uri(manifest)
    if not uris:
        raise invalid_query(f"Error while reading manifest {manifest}: it lists no URI")
    for uri in uris:
        if "*" in uri:
            raise invalid_query(f"Error while reading manifest {manifest}: wild card URIs are not supported: {uri}")
        if not uri.startswith(f"gs://{bucket}/"):
            raise invalid_query(f"Error while reading manifest {manifest}: not an object of bucket {bucket}: {uri}")
    twice = next((uri for uri in uris if uris.count(uri) > 1), None) if len(set(uris)) < len(uris) else None
    if twice is not None:
        raise unsupported(f"manifest {manifest} with a URI that is there twice: {twice}")


def _find(uri: str, store: ObjectReader) -> ObjectVersion:
    return store.find(*split_uri(uri))


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and path."""
    bucket, _, path = uri.removeprefix("gs://").partition("/")
    return bucket, path
