"""List objects: prefixes, delimiters, globs, offsets, pages."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping

from laptop.http import ApiError
from laptop.storage.catalog import Record
from laptop.storage.preconditions import number

_PAGE = 1000


def list_page(found: Iterable[Record], given: Mapping[str, str]) -> Record:
    """One page of `found` (in name order) as `{items, prefixes, nextPageToken}`."""
    limit = min(number(given, "maxResults") or _PAGE, _PAGE)
    items: list[Record] = []
    prefixes: list[str] = []
    last = ""
    after = _read_token(given)
    for resource in _matching(found, given):
        folded = _fold(resource["name"], given)
        key = folded or f"{resource['name']}\0{resource['generation']}"
        if key <= after or key == last:
            continue
        if len(items) + len(prefixes) >= limit:
            token = base64.urlsafe_b64encode(last.encode()).decode()
            return _page(items, prefixes) | {"nextPageToken": token}
        last = key
        if folded:
            prefixes.append(folded)
        if not folded or (given.get("includeTrailingDelimiter", "").lower() == "true" and resource["name"] == folded):
            items.append(resource)
    return _page(items, prefixes)


def _page(items: list[Record], prefixes: list[str]) -> Record:
    page: Record = {"kind": "storage#objects"}
    return page | ({"items": items} if items else {}) | ({"prefixes": prefixes} if prefixes else {})


def start_of(given: Mapping[str, str]) -> str:
    """The first name a page can hold."""
    return max(given.get("prefix", ""), given.get("startOffset", ""), _read_token(given).partition("\0")[0])


def _read_token(given: Mapping[str, str]) -> str:
    try:
        return base64.b64decode(given.get("pageToken", ""), altchars=b"-_", validate=True).decode()
    except ValueError as error:
        raise ApiError(400, "Invalid pageToken", reason="invalid") from error


def _matching(found: Iterable[Record], given: Mapping[str, str]) -> Iterable[Record]:
    prefix, end = given.get("prefix", ""), given.get("endOffset")
    glob = compile_glob(given["matchGlob"]) if given.get("matchGlob") else None
    for resource in found:
        name = resource["name"]
        if (end and name >= end) or (not name.startswith(prefix) and name > prefix):
            return
        if name.startswith(prefix) and (glob is None or glob.fullmatch(name)):
            yield resource


def _fold(name: str, given: Mapping[str, str]) -> str:
    delimiter, prefix = given.get("delimiter"), given.get("prefix", "")
    if not delimiter:
        return ""
    at = name.find(delimiter, len(prefix))
    return name[: at + len(delimiter)] if at >= 0 else ""


def compile_glob(glob: str) -> re.Pattern[str]:
    """Cloud Storage's globs: `*` within a folder, `**` across, `?`, `[a-c]`, `{a,b}`."""
    pieces = re.findall(r"\*\*/|\*\*|\*|\?|\[[^\]]*\]|\{[^}]*\}|.", glob, re.S)
    try:
        return re.compile("".join(map(_glob_piece, pieces)), re.S)
    except re.error as error:
        raise ApiError(400, f"matchGlob {glob!r}: {error}") from error


def _glob_piece(piece: str) -> str:
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    if piece in known:
        return known[piece]
    if len(piece) > 1 and piece[0] == "[":
        return piece.replace("[!", "[^")
    if len(piece) > 1 and piece[0] == "{":
        return "(?:" + "|".join(compile_glob(arm).pattern for arm in piece[1:-1].split(",")) + ")"
    return re.escape(piece)
