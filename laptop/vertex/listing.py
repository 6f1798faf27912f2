"""List requests: the part of Google's filter language that jobs and models are looked up with, and pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from laptop.http import ApiError

_TERM = re.compile(r'\s*(?P<field>[a-z_]+(?:\."?[-\w]+"?)?)\s*(?P<operator>=|:)\s*(?P<value>"[^"]*"|[-\w*./]+)\s*')
_FIELDS = {"display_name": "displayName", "state": "state", "pipeline_name": "pipelineName"}


def matches(body: Mapping[str, Any], expression: str) -> bool:
    """Whether a resource passes terms joined by AND: `labels.KEY=VALUE`, `labels.KEY:*`, `state=`, `display_name=`."""
    return all(_matches_term(body, term) for term in re.split(r"\s+AND\s+", expression) if term.strip())


def _matches_term(body: Mapping[str, Any], text: str) -> bool:
    term = _TERM.fullmatch(text)
    if term is None:
        raise ApiError(501, f"filter not supported here: {text!r}")
    field, _, key = term["field"].partition(".")
    value = term["value"].strip('"')
    if field == "labels" and key:
        labels = body.get("labels", {})
        key = key.strip('"')
        return key in labels if value == "*" else bool(labels.get(key) == value)
    if field not in _FIELDS or key or term["operator"] != "=":
        raise ApiError(501, f"filter not supported here: {text!r}")
    return bool(_read(body, field) == value)


def _read(body: Mapping[str, Any], field: str) -> Any:
    if field == "pipeline_name":
        return body.get("pipelineSpec", {}).get("pipelineInfo", {}).get("name")
    return body.get(_FIELDS[field])


def cut_page(rows: list[Any], size: str, token: str) -> tuple[list[Any], str]:
    """One page and the token of the next (`""` after the last); 400 for a bad size or token."""
    if not (size or "0").isdigit() or not (token or "0").isdigit():
        raise ApiError(400, "pageSize and pageToken must come from this API")
    begin, length = int(token or 0), int(size or 0) or 100
    return rows[begin : begin + length], str(begin + length) if begin + length < len(rows) else ""
