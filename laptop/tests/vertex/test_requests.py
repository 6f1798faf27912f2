from pathlib import Path
from typing import Any

import pytest
import yaml

from laptop.http import ApiError
from laptop.vertex.job_request import check_job, check_job_id, check_labels, read_parameters
from laptop.vertex.listing import cut_page, matches

CASES = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text())
WHOLE: dict[str, Any] = {
    "pipelineSpec": {"root": {}, "components": {}, "deploymentSpec": {}},
    "runtimeConfig": {"gcsOutputDirectory": "gs://b/runs"},
}


def refused(action: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        action()
    return caught.value


@pytest.mark.parametrize("case", CASES["jobs"], ids=lambda case: case["name"])
def test_a_job_is_taken_or_refused_with_the_reason(case: dict[str, Any]) -> None:
    job = {key: value for key, value in {**WHOLE, **case["change"]}.items() if value is not None}
    if not case["code"]:
        check_job(job)
        return
    error = refused(lambda: check_job(job))
    assert (error.code, case["said"] in error.message) == (case["code"], True)


@pytest.mark.parametrize("job_id", [*CASES["ids"]["good"], "a" * 128])
def test_a_job_may_be_called_so(job_id: str) -> None:
    check_job_id(job_id)


@pytest.mark.parametrize("job_id", [*CASES["ids"]["bad"], "a" * 129])
def test_a_job_may_not_be_called_so(job_id: str) -> None:
    assert refused(lambda: check_job_id(job_id)).code == 400


@pytest.mark.parametrize("labels", [*CASES["labels"]["good"], {"a" * 63: "b" * 63}], ids=str)
def test_labels_may_be_these(labels: dict[str, str]) -> None:
    check_labels(labels)


@pytest.mark.parametrize("labels", [*CASES["labels"]["bad"], {"a" * 64: "b"}, {"a": "b" * 64}], ids=str)
def test_labels_may_not_be_these(labels: dict[str, str]) -> None:
    assert refused(lambda: check_labels(labels)).code == 400


SPEC = {"root": {"inputDefinitions": {"parameters": CASES["parameters"]["declared"]}}}


@pytest.mark.parametrize(("values", "read"), CASES["parameters"]["good"])
def test_parameters_are_read_as_the_pipeline_types_them(values: dict[str, Any], read: dict[str, Any]) -> None:
    found = read_parameters(SPEC, values)
    assert (found, type(found["count"])) == (read, int)


@pytest.mark.parametrize(("values", "said"), CASES["parameters"]["bad"])
def test_parameters_that_do_not_fit_are_all_named(values: dict[str, Any], said: str) -> None:
    error = refused(lambda: read_parameters(SPEC, values))
    assert (error.code, said in error.message) == (400, True)


@pytest.mark.parametrize("expression", CASES["filters"]["match"])
def test_a_filter_keeps_what_it_describes(expression: str) -> None:
    assert matches(CASES["filters"]["resource"], expression)


@pytest.mark.parametrize("expression", CASES["filters"]["miss"])
def test_a_filter_drops_the_rest(expression: str) -> None:
    assert not matches(CASES["filters"]["resource"], expression)


@pytest.mark.parametrize("expression", CASES["filters"]["refused"])
def test_a_filter_that_is_not_served_is_refused_by_name(expression: str) -> None:
    error = refused(lambda: matches(CASES["filters"]["resource"], expression))
    assert (error.code, expression in error.message) == (501, True)


@pytest.mark.parametrize(
    ("size", "token", "rows", "following"),
    [
        ("", "", [0, 1, 2, 3, 4], ""),
        ("2", "", [0, 1], "2"),
        ("2", "2", [2, 3], "4"),
        ("2", "4", [4], ""),
        ("0", "", [0, 1, 2, 3, 4], ""),
    ],
)
def test_a_list_comes_in_pages(size: str, token: str, rows: list[int], following: str) -> None:
    assert cut_page(list(range(5)), size, token) == (rows, following)


@pytest.mark.parametrize(("size", "token"), [("x", ""), ("-1", ""), ("", "x"), ("", "-1")])
def test_a_page_that_makes_no_sense_is_refused(size: str, token: str) -> None:
    assert refused(lambda: cut_page([], size, token)).code == 400
