"""The page of every word of a flow file, from the table that the reader has."""

from __future__ import annotations

from collections.abc import Iterator

from ripple.flows.words import DOCUMENT, FIELD, FIELD_PROPERTIES, FLOW_PROPERTIES, OPTIONS, RULE, TABLE, Words

_HEAD = """# The words of a flow file

A flow is `flows/NAME.yaml`, a document of the Open Data Contract Standard 3.x; [extend.md](extend.md) shows a whole one. Every word that
Ripple reads is below; one that it would not read is refused, with the nearest known.
What the standard has no word for stands in `customProperties`, as a list of `{property, value}`.

YAML is read strictly: a key stands once, and what is not plainly a number, `true`, `false` or `null` is a text, so that `NO` is Norway.
"""

_PARTS: tuple[tuple[str, str, Words], ...] = (
    ("The document", "", DOCUMENT),
    ("customProperties of the document", "How its rows arrive and what becomes of them.", FLOW_PROPERTIES),
    ("schema", "One entry: the rows.", TABLE),
    ("quality", "An entry a rule.", RULE),
    ("properties", "An entry a field.", FIELD),
    ("customProperties of a field", "", FIELD_PROPERTIES),
)


def write_words() -> str:
    """Markdown: a part a table."""
    parts = [*_PARTS, *((f"logicalTypeOptions of {name}", "", words) for name, words in OPTIONS.items())]
    return _HEAD + "".join(_write_part(*part) for part in parts)


def _write_part(title: str, text: str, words: Words) -> str:
    lines = "\n".join(_write_lines(words))
    return (
        f"\n## {title}\n\n"
        + (f"{text}\n\n" if text else "")
        + f"| word | takes | meaning | example |\n|---|---|---|---|\n{lines}\n"
    )


def _write_lines(words: Words) -> Iterator[str]:
    for name, word in words.items():
        said = f"{word.meaning} It must be there." if word.required else word.meaning
        example = f"`{word.example}`" if word.example else ""
        yield f"| `{name}` | {word.takes} | {said} | {example} |"
