"""What a pipeline job may look like: checked at create, so that nothing unsupported is silently ignored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from laptop.http import ApiError

_JOB_ID = re.compile(r"[a-z][-a-z0-9]{0,127}")
_LABEL_KEY = re.compile(r"[a-z][-_a-z0-9]{0,62}")
_LABEL_VALUE = re.compile(r"[-_a-z0-9]{0,63}")
_FIELDS = {"name", "displayName", "pipelineSpec", "labels", "runtimeConfig", "serviceAccount", "network"}
_RUNTIME_FIELDS = {"parameterValues", "gcsOutputDirectory", "failurePolicy"}
_WHOLE = "NUMBER_INTEGER"


def check_job_id(job_id: str) -> None:
    """400 unless the id matches `[a-z][-a-z0-9]{0,127}`."""
    if not _JOB_ID.fullmatch(job_id):
        raise ApiError(400, f"pipelineJobId {job_id!r} must match {_JOB_ID.pattern}")


def check_labels(labels: Mapping[str, str]) -> None:
    """400 naming every label that breaks the rules for label keys and values."""
    bad = [k for k, v in labels.items() if not (_LABEL_KEY.fullmatch(k) and _LABEL_VALUE.fullmatch(str(v)))]
    if bad:
        raise ApiError(400, f"labels {', '.join(bad)}: keys match {_LABEL_KEY.pattern}, values {_LABEL_VALUE.pattern}")


def check_job(job: Mapping[str, Any]) -> None:
    """400 or 501 (ApiError) for a job this server cannot run as it is asked to."""
    runtime = job.get("runtimeConfig", {})
    strange = [*sorted(set(job) - _FIELDS), *(f"runtimeConfig.{f}" for f in sorted(set(runtime) - _RUNTIME_FIELDS))]
    if strange:
        raise ApiError(501, f"not supported here: {', '.join(strange)}")
    if not job.get("pipelineSpec"):
        raise ApiError(400, "pipelineSpec is required: the compiled spec, inline")
    absent = [part for part in ("root", "components", "deploymentSpec") if part not in job["pipelineSpec"]]
    if absent:
        raise ApiError(400, f"pipelineSpec has no {', '.join(absent)}: is it a compiled pipeline?")
    if not str(runtime.get("gcsOutputDirectory", "")).startswith("gs://"):
        raise ApiError(400, "runtimeConfig.gcsOutputDirectory must be a gs:// URI")
    check_labels(job.get("labels", {}))
    read_parameters(job["pipelineSpec"], runtime.get("parameterValues", {}))


def read_parameters(spec: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as the spec types them (JSON has only floats); 400 for missing, unknown or mistyped ones."""
    declared = spec.get("root", {}).get("inputDefinitions", {}).get("parameters", {})
    missing = [
        name
        for name, definition in declared.items()
        if name not in values and "defaultValue" not in definition and not definition.get("isOptional")
    ]
    problems = [f"{name} is required" for name in missing]
    problems += [f"{name} is not a parameter of the pipeline" for name in values if name not in declared]
    known = {name: value for name, value in values.items() if name in declared}
    problems += [p for name, value in known.items() if (p := _type_problem(name, value, declared[name]))]
    if problems:
        raise ApiError(400, f"runtimeConfig.parameterValues: {'; '.join(problems)}")
    return {name: int(v) if declared[name]["parameterType"] == _WHOLE else v for name, v in known.items()}


_TYPES: dict[str, type | tuple[type, ...]] = {
    "STRING": str,
    "BOOLEAN": bool,
    "NUMBER_DOUBLE": (int, float),
    "LIST": list,
    "STRUCT": dict,
}


def _type_problem(name: str, value: Any, definition: Mapping[str, Any]) -> str:
    kind = definition["parameterType"]
    if kind == _WHOLE:
        whole = isinstance(value, int | float) and not isinstance(value, bool) and float(value).is_integer()
        return "" if whole else f"{name} must be a whole number, is {value!r}"
    wanted = _TYPES.get(kind)
    return "" if wanted and isinstance(value, wanted) else f"{name} must be {kind}, is {value!r}"
