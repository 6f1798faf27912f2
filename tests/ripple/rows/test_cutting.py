"""Parts are cut out of a line as they are written there, wherever they stand and however the line is spaced."""

from __future__ import annotations

import json

import pytest

from ripple.rows.contracts.cutting import cut_from_line, plant
from ripple.rows.contracts.evolution import Path

ROW = {"a": 1, "items": [{"gift": True, "b": [2]}, {"gift": None, "c": {"d": "}"}}], "é": "x", "z": {"y": {"x": 1.5}}}
CUTS: list[tuple[list[Path], str]] = [
    ([("a",)], '{"a":1}'),
    ([("items", 1, "gift")], '{"items":{"1":{"gift":null}}}'),
    ([("items", 1, "c", "d"), ("items", 0, "gift")], '{"items":{"0":{"gift":true},"1":{"c":{"d":"}"}}}}'),
    ([("z", "y", "x"), ("é",), ("a",)], '{"a":1,"z":{"y":{"x":1.5}},"é":"x"}'),
    ([("items", 0, "b", 0)], '{"items":{"0":{"b":{"0":2}}}}'),
    ([], "{}"),
]


def written(style: str) -> str:
    compact = json.dumps(ROW, ensure_ascii=False, separators=(",", ":"))
    wide = json.dumps(ROW, ensure_ascii=False, separators=(" \t,  ", "\r\n:\n "))
    return {"compact": compact, "usual": json.dumps(ROW, ensure_ascii=False), "wide": f"  {wide} \n"}[style]


@pytest.mark.parametrize("style", ["compact", "usual", "wide"])
@pytest.mark.parametrize(("paths", "cut"), CUTS, ids=[cut for _, cut in CUTS])
def test_the_parts_at_the_paths_are_cut_out(style: str, paths: list[Path], cut: str) -> None:
    assert cut_from_line(written(style), paths) == cut


def test_a_number_of_very_many_digits_is_passed_over_and_cut_out() -> None:
    line = '{"a":' + "9" * 5000 + ',"b":1}'
    assert cut_from_line(line, [("b",)]) == '{"b":1}'
    assert cut_from_line(line, [("a",)]) == '{"a":' + "9" * 5000 + "}"


def test_paths_with_the_same_beginning_are_one_branch() -> None:
    assert plant([("a", 0, "b"), ("a", 0, "c"), ("d",)]) == {"a": {0: {"b": None, "c": None}}, "d": None}
