"""Words have the meaning that the trade gives them: docs/glossary.md. What was used in a meaning of our own is retired."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
RETIRED = yaml.safe_load((ROOT / "docs" / "retired_words.yaml").read_text())
SUFFIXES = {
    ".py",
    ".md",
    ".yaml",
    ".yml",
    ".sqlx",
    ".sql",
    ".js",
    ".cjs",
    ".tf",
    ".toml",
    ".txt",
    ".sh",
    ".json",
    ".hcl",
    "",
}
NOT_OURS = re.compile(
    r"(^|/)(requirements/.*\.txt|package-lock\.json|requirements\.txt|retired_words\.yaml|test_words\.py)$"
)
NOT_A_WORD = re.compile(r"\.tell\(|stall_told")
"""What Python or an API calls so, and a field of documents that are stored already."""
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|_")


def find_retired(text: str) -> Iterator[str]:
    """`line: word, write ...` for every retired word in the text; names are split into their parts first."""
    patterns = [(rule["word"], re.compile(rule["pattern"], re.I), rule["instead"]) for rule in RETIRED]
    for number, line in enumerate(text.splitlines(), 1):
        prose = _HUMP.sub(" ", NOT_A_WORD.sub("(", line))
        for word, pattern, instead in patterns:
            if pattern.search(prose):
                yield f"{number}: {word}; write {instead}: {line.strip()[:100]}"


def our_files() -> list[Path]:
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    wanted = (ROOT / name for name in names if name and not NOT_OURS.search(name) and Path(name).suffix in SUFFIXES)
    return [path for path in wanted if path.is_file()]


def test_nothing_is_written_in_a_retired_word() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{hit}"
        for path in our_files()
        for hit in find_retired(path.read_text(errors="replace"))
    ]
    assert not found, f"{len(found)} retired words:\n" + "\n".join(found[:200])


@pytest.mark.parametrize("text", ["def tell_story():", "class StoryTeller:", "# nobody hears it", "x = 'Mend it'"])
def test_a_retired_word_is_found_in_names_and_prose(text: str) -> None:
    assert list(find_retired(text))


@pytest.mark.parametrize("text", ["position = file.tell()", "a hotel", "the weight of a kind", "hearth"])
def test_other_words_are_left_alone(text: str) -> None:
    assert not list(find_retired(text))


def test_the_glossary_has_each_word_once() -> None:
    rows = re.findall(r"^\| ([^|]+) \|", (ROOT / "docs" / "glossary.md").read_text(), re.M)
    words = [word for row in rows for word in row.split(", ") if row not in ("word", "---")]
    assert len(words) == len(set(words))
    assert 25 <= len(words) <= 64
