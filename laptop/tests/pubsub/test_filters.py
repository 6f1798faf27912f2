from pathlib import Path
from typing import Any

import pytest
import yaml

from laptop.pubsub.filters import MAX_BYTES, FilterError, compile_filter

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "filters.yaml").read_text())


@pytest.mark.parametrize("case", CASES["filters"], ids=lambda case: case["filter"])
def test_a_filter_matches_what_the_documentation_says(case: dict[str, Any]) -> None:
    matches = compile_filter(case["filter"])
    assert [attributes for attributes in case["match"] if not matches(attributes)] == []
    assert [attributes for attributes in case["miss"] if matches(attributes)] == []


@pytest.mark.parametrize("text", CASES["refused"])
def test_text_that_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(FilterError):
        compile_filter(text)


@pytest.mark.parametrize(("size", "refused"), [(MAX_BYTES, False), (MAX_BYTES + 1, True)])
def test_a_filter_has_at_most_256_bytes(size: int, refused: bool) -> None:
    text = 'attributes.a = "é"'
    text = text[:-1] + "x" * (size - len(text.encode())) + '"'
    if refused:
        with pytest.raises(FilterError, match="256 bytes"):
            compile_filter(text)
    else:
        assert compile_filter(text)({"a": text.split('"')[1]})
