"""The errors a workflow can raise, catch and end with."""

from __future__ import annotations

from typing import Any


class WorkflowError(Exception):
    """An error inside an execution: `value` is what `except: as` sees, a map with `message` and `tags`, or a string."""

    def __init__(self, value: Any) -> None:
        super().__init__(str(value))
        self.value = value

    @property
    def tags(self) -> list[str]:
        return list(self.value.get("tags", [])) if isinstance(self.value, dict) else []


class SourceError(Exception):
    """A workflow's source that can't be deployed: every finding, each with the place it was found at."""

    def __init__(self, findings: list[str]) -> None:
        super().__init__("; ".join(findings))
        self.findings = findings


def tagged(tag: str, message: str, **more: Any) -> WorkflowError:
    """An error as the documentation's tag table names it, for example `tagged("KeyError", "key not found: x")`."""
    return WorkflowError({"message": message, "tags": [tag], **more})


def http_error(code: int, body: Any, headers: dict[str, str] | None = None) -> WorkflowError:
    """The error map of an answer outside 2xx."""
    message = f"HTTP server responded with error code {code}"
    return tagged("HttpError", message, code=code, body=body, headers=headers or {})
