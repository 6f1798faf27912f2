"""Datasets of the REST API: names, labels, what is not there."""

from __future__ import annotations

import pytest
import requests
from google.api_core.exceptions import NotFound
from google.cloud.bigquery import (
    Dataset,
    DatasetReference,
)

from laptop.tests.bigquery.conftest import PROJECT, Cloud


def test_one_that_exists_may_be_asked_for_again(cloud: Cloud) -> None:
    assert cloud.bigquery.create_dataset("shop", exists_ok=True).dataset_id == "shop"


def test_labels_are_replaced_and_times_kept(cloud: Cloud) -> None:
    made = cloud.bigquery.create_dataset("labelled")
    made.labels, made.friendly_name = {"a": "b"}, "Labelled"
    changed = cloud.bigquery.update_dataset(made, ["labels", "friendly_name"])
    found = cloud.bigquery.get_dataset("labelled")
    assert (found.labels, found.friendly_name, found.created) == ({"a": "b"}, "Labelled", made.created)
    assert found.modified == changed.modified


def test_a_client_cannot_rename_it_by_a_patch(base: str, cloud: Cloud) -> None:
    cloud.bigquery.create_dataset("fixed")
    sent = {"datasetReference": {"datasetId": "other"}, "description": "d", "creationTime": "1"}
    found = requests.patch(f"{base}/datasets/fixed", json=sent, timeout=5).json()
    assert (found["datasetReference"]["datasetId"], found["description"]) == ("fixed", "d")
    assert found["creationTime"] != "1"


@pytest.mark.parametrize("bad", ["with-dash", "a.b", "", "_catalog"])
def test_a_name_of_other_letters_is_refused(base: str, bad: str) -> None:
    answer = requests.post(f"{base}/datasets", json={"datasetReference": {"datasetId": bad}}, timeout=5)
    assert (answer.status_code, answer.json()["error"]["errors"][0]["reason"]) == (400, "invalid")


def test_one_that_is_not_there_cannot_be_deleted_unless_that_is_fine(cloud: Cloud) -> None:
    with pytest.raises(NotFound):
        cloud.bigquery.delete_dataset("nowhere")
    cloud.bigquery.delete_dataset("nowhere", not_found_ok=True)


def test_one_of_another_project_is_not_there(cloud: Cloud) -> None:
    with pytest.raises(NotFound, match="other-proj:shop"):
        cloud.bigquery.get_dataset(DatasetReference("other-proj", "shop"))


def test_a_project_keeps_its_datasets_apart_from_their_labels(cloud: Cloud) -> None:
    made = Dataset(f"{PROJECT}.parted")
    made.labels = {"kind": "x"}
    cloud.bigquery.create_dataset(made)
    listed = {item.dataset_id: item.labels for item in cloud.bigquery.list_datasets()}
    assert listed["parted"] == {"kind": "x"}
    assert listed["shop"] == {}
