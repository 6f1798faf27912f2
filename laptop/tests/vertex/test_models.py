"""The model registry through Google's client."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from google.api_core.exceptions import BadRequest, Conflict, NotFound

from laptop.tests.vertex.conftest import PARENT, Cloud

ALIASES = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text())["aliases"]


def upload(cloud: Cloud, model_id: str, *, again: bool = False, **fields: Any) -> str:
    naming = {"parent_model": f"{PARENT}/models/{model_id}"} if again else {"model_id": model_id}
    request = {"parent": PARENT, "model": {"display_name": model_id, **fields}, **naming}
    return str(cloud.models.upload_model(request=request).result().model_version_id)


def list_aliases(cloud: Cloud, model_id: str) -> dict[str, list[str]]:
    versions = cloud.models.list_model_versions(name=f"{PARENT}/models/{model_id}")
    return {version.version_id: sorted(version.version_aliases) for version in versions}


def test_an_alias_is_on_one_version_at_most(cloud: Cloud) -> None:
    upload(cloud, "aliases", version_aliases=["challenger"])
    upload(cloud, "aliases", again=True, version_aliases=["challenger"])
    assert list_aliases(cloud, "aliases") == {"1": ["default"], "2": ["challenger"]}
    merged = cloud.models.merge_version_aliases(
        name=f"{PARENT}/models/aliases@2", version_aliases=["champion", "-challenger"]
    )
    assert list(merged.version_aliases) == ["champion"]
    assert cloud.models.get_model(name=f"{PARENT}/models/aliases@champion").version_id == "2"
    assert cloud.models.get_model(name=f"{PARENT}/models/aliases").version_id == "1"


def test_a_second_upload_of_a_model_id_needs_its_parent(cloud: Cloud) -> None:
    upload(cloud, "taken")
    with pytest.raises(Conflict):
        upload(cloud, "taken")
    with pytest.raises(NotFound):
        upload(cloud, "absent", again=True)


def test_a_deleted_version_number_never_comes_back(cloud: Cloud) -> None:
    upload(cloud, "numbers")
    upload(cloud, "numbers", again=True)
    cloud.models.delete_model_version(name=f"{PARENT}/models/numbers@2").result()
    assert upload(cloud, "numbers", again=True) == "3"
    with pytest.raises(BadRequest):
        cloud.models.delete_model_version(name=f"{PARENT}/models/numbers@1")
    cloud.models.delete_model(name=f"{PARENT}/models/numbers").result()
    with pytest.raises(NotFound):
        cloud.models.get_model(name=f"{PARENT}/models/numbers")


def test_models_are_listed_by_their_default_version(cloud: Cloud) -> None:
    upload(cloud, "listed", labels={"team": "one"})
    upload(cloud, "listed", again=True, labels={"team": "one"})
    found = list(cloud.models.list_models(request={"parent": PARENT, "filter": "labels.team=one"}))
    assert [(model.display_name, model.version_id) for model in found] == [("listed", "1")]


@pytest.mark.parametrize("alias", ALIASES["bad"])
def test_a_bad_alias_is_refused(cloud: Cloud, alias: str) -> None:
    with pytest.raises(BadRequest, match="must match"):
        upload(cloud, "bad-alias", version_aliases=[alias])


def test_good_aliases_find_their_version(cloud: Cloud) -> None:
    upload(cloud, "good-alias", version_aliases=ALIASES["good"])
    for alias in ALIASES["good"]:
        assert cloud.models.get_model(name=f"{PARENT}/models/good-alias@{alias}").version_id == "1"
