"""The model registry: models hold numbered versions, and an alias is on one version at most."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from laptop.http import ApiError
from laptop.vertex.database import Body, JobDatabase
from laptop.vertex.job_request import check_labels

_ALIAS = re.compile(r"[a-z][a-zA-Z0-9-]{0,126}[a-z0-9]")
_MODEL_ID = re.compile(r"[a-z_][a-z0-9_-]{0,62}")


class Models:
    """Upload, find and alias versions. Names are `projects/P/locations/L/models/M`, or `...@VERSION-or-ALIAS`."""

    def __init__(self, database: JobDatabase, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def upload(self, parent: str, request: Body) -> Body:
        """A new model, or a new version of `parentModel`; 400, 404 or 409 when that cannot be."""
        given = request.get("model", {})
        check_labels(given.get("labels", {}))
        _check_aliases(given.get("versionAliases", []))
        name = self._choose_name(parent, request)
        versions = self._database.list_versions(name)
        version = {**given, **self._stamp(name), "createTime": self._first_time(versions)}
        aliases = list(given.get("versionAliases", []))
        if not versions or request.get("isDefaultVersion"):
            aliases.append("default")
        self._database.replace_versions(name, _move_aliases([*versions, version], version["versionId"], aliases, []))
        return version

    def get(self, name: str) -> Body:
        """The version a name stands for (the default one without `@`); 404 when there is none."""
        model, _, wanted = name.partition("@")
        versions = self._database.list_versions(model)
        for version in versions:
            if (wanted or "default") in (version["versionId"], *version["versionAliases"]):
                return version
        raise ApiError(404, f"{name} does not exist")

    def list_under(self, parent: str) -> list[Body]:
        """The default version of every model of a location."""
        return [self.get(name) for name in self._database.list_models(f"{parent}/models/")]

    def list_versions(self, name: str) -> list[Body]:
        """Every version of a model, oldest first; 404 when there is no such model."""
        model = self.get(name)["name"]
        return self._database.list_versions(model)

    def merge_aliases(self, name: str, aliases: list[str]) -> Body:
        """Put aliases on a version, taking them off any other; `-alias` takes one off."""
        version = self.get(name)
        dropped = [alias[1:] for alias in aliases if alias.startswith("-")]
        added = [alias for alias in aliases if not alias.startswith("-")]
        _check_aliases([*dropped, *added])
        if "default" in dropped:
            raise ApiError(400, "the alias default can be moved, not dropped")
        versions = self._database.list_versions(version["name"])
        moved = _move_aliases(versions, version["versionId"], added, dropped)
        self._database.replace_versions(version["name"], moved)
        return self.get(f"{version['name']}@{version['versionId']}")

    def delete(self, name: str) -> None:
        """Delete a model with all its versions."""
        self._database.replace_versions(self.get(name)["name"], [])

    def delete_version(self, name: str) -> None:
        """Delete one version; 400 for the default one, as the service does."""
        version = self.get(name)
        if "@" not in name or "default" in version["versionAliases"]:
            raise ApiError(400, f"{name} is the default version: delete the model", status="FAILED_PRECONDITION")
        versions = self._database.list_versions(version["name"])
        kept = [other for other in versions if other["versionId"] != version["versionId"]]
        self._database.replace_versions(version["name"], kept)

    def _choose_name(self, parent: str, request: Body) -> str:
        if parent_model := str(request.get("parentModel", "")):
            return str(self.get(parent_model)["name"])
        model_id = request.get("modelId") or str(int(self._clock().timestamp() * 1_000_000))
        if request.get("modelId") and not _MODEL_ID.fullmatch(model_id):
            raise ApiError(400, f"modelId {model_id!r} must match {_MODEL_ID.pattern}")
        name = f"{parent}/models/{model_id}"
        if self._database.list_versions(name):
            raise ApiError(409, f"{name} already exists: upload a version of it with parentModel")
        return name

    def _stamp(self, name: str) -> Body:
        version = str(self._database.next_version(name))
        return {"name": name, "versionId": version, "versionCreateTime": self._now(), "updateTime": self._now()}

    def _first_time(self, versions: list[Body]) -> str:
        return str(versions[0]["createTime"]) if versions else self._now()

    def _now(self) -> str:
        return self._clock().strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _check_aliases(aliases: list[str]) -> None:
    bad = [alias for alias in aliases if not _ALIAS.fullmatch(alias)]
    if bad:
        raise ApiError(400, f"aliases {', '.join(bad)} must match {_ALIAS.pattern}")


def _move_aliases(versions: list[Body], target: str, added: list[str], dropped: list[str]) -> list[Body]:
    """The versions with `added` on `target` alone and `dropped` off it."""
    moved = []
    for version in versions:
        here = version["versionId"] == target
        gone = {*added, *dropped} if here else set(added)
        kept = [alias for alias in version.get("versionAliases", []) if alias not in gone]
        moved.append({**version, "versionAliases": kept + (list(dict.fromkeys(added)) if here else [])})
    return moved
