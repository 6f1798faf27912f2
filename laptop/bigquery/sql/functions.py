"""The allow-list: every function GoogleSQL may call here, by name."""

from __future__ import annotations

from laptop.bigquery.sql import arrays, formats, jsons, maths, texts, times
from laptop.bigquery.sql.rules import Rule

SCALARS: dict[str, Rule] = {
    **arrays.RULES,
    **formats.RULES,
    **jsons.RULES,
    **maths.RULES,
    **texts.RULES,
    **times.RULES,
}
# What SAFE. means for a function whose error TRY() cannot catch.
SAFE_SCALARS: dict[str, Rule] = {**jsons.SAFE_RULES, **formats.SAFE_RULES}
