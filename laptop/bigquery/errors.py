"""The errors BigQuery's clients expect, by reason word."""

from __future__ import annotations

from laptop.http import ApiError


def invalid_query(message: str) -> ApiError:
    """A statement that cannot run: HTTP 400, reason `invalidQuery`."""
    return ApiError(400, message, reason="invalidQuery")


def unsupported(what: str) -> ApiError:
    """A statement that is legal in BigQuery but not served here: refused by name."""
    return invalid_query(f"Unsupported: {what}")


def invalid(message: str) -> ApiError:
    return ApiError(400, message, reason="invalid")


def not_found(kind: str, name: str) -> ApiError:
    return ApiError(404, f"Not found: {kind} {name}", reason="notFound")


def duplicate(kind: str, name: str) -> ApiError:
    return ApiError(409, f"Already Exists: {kind} {name}", reason="duplicate")
