"""Documents as canonical JSON that loses nothing: what JSON has no word for is an object with one `$` key. Pure.

`$timestamp`, `$int` (past 2**53), `$double` (NaN, infinities), `$bytes` (base64), `$geo_point`, `$reference`, and `$map` around a
map whose own keys begin with `$`. A vector is the map that Firestore keeps it as.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_SAFE = 2**53


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A Firestore value that no contract takes: refused by its kind, never coerced, and kept as it was.

    `value` is bytes for `bytes`, a path for `reference`, `(latitude, longitude)` for `geo_point`, text for any other kind.
    """

    kind: str
    value: Any

    def __repr__(self) -> str:
        return f"<{self.kind}>"


def write_tagged(value: Any) -> str:
    """Equal values give equal text: keys are sorted."""
    return json.dumps(_tag(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _tag(value: Any) -> Any:
    if isinstance(value, Mapping):
        tagged = {str(name): _tag(held) for name, held in value.items()}
        return {"$map": tagged} if any(name.startswith("$") for name in tagged) else tagged
    if isinstance(value, list | tuple):
        return [_tag(held) for held in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _SAFE:
        return {"$int": str(value)}
    if isinstance(value, float) and not math.isfinite(value):
        return {"$double": {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")}
    if isinstance(value, dt.datetime):
        return {"$timestamp": value.astimezone(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")}
    return _tag_unsupported(value) if isinstance(value, Unsupported) else value


def _tag_unsupported(held: Unsupported) -> dict[str, Any]:
    if held.kind == "bytes":
        return {"$bytes": base64.b64encode(held.value).decode()}
    return {f"${held.kind}": [_tag(part) for part in held.value] if isinstance(held.value, tuple) else held.value}
