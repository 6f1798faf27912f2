"""The environment variables that lead Google's clients to a laptop."""

from __future__ import annotations

from collections.abc import Mapping

_EMULATORS = (
    ("STORAGE_EMULATOR_HOST", "storage", "http://"),
    ("PUBSUB_EMULATOR_HOST", "pubsub", ""),
    ("FIRESTORE_EMULATOR_HOST", "firestore", ""),
    ("BIGQUERY_EMULATOR_HOST", "bigquery", "http://"),
)
_OTHERS = ("run", "workflows", "executions", "dataform", "vertex", "secrets", "eventarc", "scheduler")


def client_environment(endpoints: Mapping[str, str], project: str) -> dict[str, str]:
    """`endpoints` maps services to `127.0.0.1:PORT`; those that are missing are left out. Pure.

    Google's own variables where its clients read one, else `LAPTOP_ENDPOINT_RUN=http://127.0.0.1:PORT` and the like.
    """
    own = {variable: scheme + endpoints[name] for variable, name, scheme in _EMULATORS if name in endpoints}
    others = {f"LAPTOP_ENDPOINT_{name.upper()}": f"http://{endpoints[name]}" for name in _OTHERS if name in endpoints}
    return {"GOOGLE_CLOUD_PROJECT": project, **own, **others}
