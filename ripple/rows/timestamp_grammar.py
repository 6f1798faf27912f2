"""A grammar as a contract declares it: names of formats, patterns, and the zone of texts that have none. Which formats conflict."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any

from ripple.rows.timestamp_formats import (
    DIGITS,
    FORMATS,
    HALVES,
    WEEKDAYS,
    Cell,
    Format,
    format_of,
    names_of_length,
    read_template,
)
from ripple.rows.timestamp_patterns import find_pattern_fault, read_pattern
from ripple.rows.zones import zone_names

_PATTERN, _ZONE = "pattern: ", "zone: "
_MAPPINGS = ("pattern", "zone")


@dataclass(frozen=True, slots=True)
class Template:
    """The cells of one template of a declared format, the zone that its texts are read in (empty: they have one, or UTC)."""

    name: str
    cells: tuple[Cell, ...]
    zone: str


@dataclass(frozen=True, slots=True)
class Grammar:
    """What may stand for a timestamp: the names as they are written, the templates of texts by their length."""

    names: frozenset[str]
    templates: Mapping[int, Sequence[Template]]


def spell_grammar(items: Sequence[str | Mapping[str, str]]) -> tuple[str, ...]:
    """Each item as one text, which a person reads and a set holds: `iso_zoned`, `pattern: %d.%m.%Y`, `zone: Europe/Berlin`."""
    return tuple(
        item if isinstance(item, str) else next(f"{word}: {value}" for word, value in item.items()) for item in items
    )


def spell_rules(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a contract with their grammars spelled, those of records too."""
    return {name: _spell_rule(rule) for name, rule in fields.items()}


def _spell_rule(rule: Any) -> Any:
    if "grammar" in rule:
        return {**rule, "grammar": spell_grammar(rule["grammar"])}
    if "items" in rule:
        return {**rule, "items": _spell_rule(rule["items"])}
    return {**rule, "fields": spell_rules(rule["fields"])} if "fields" in rule else rule


@cache
def compile_grammar(names: frozenset[str]) -> Grammar:
    """The grammar of spelled names. A name that is none has no templates."""
    templates: dict[int, list[Template]] = {}
    for template in _list_templates(names):
        templates.setdefault(len(template.cells), []).append(template)
    return Grammar(names, templates)


def _list_templates(names: Collection[str]) -> Iterator[Template]:
    zone = next((name.removeprefix(_ZONE) for name in names if name.startswith(_ZONE)), "")
    for name in sorted(names):
        found = _find_format(name)
        for text in found.templates if found else ():
            yield Template(name, read_template(text), zone if found and found.is_naive else "")


def _find_format(name: str) -> Format | None:
    if name.startswith(_PATTERN):
        return read_pattern(name.removeprefix(_PATTERN))
    return format_of(name) if name in FORMATS else None


def find_grammar_faults(items: object) -> list[str]:
    """What is wrong with the `grammar` of a contract, each with what would be right; empty for one that reads a text in one way."""
    if not isinstance(items, list) or not items:
        return ["must be a list with a format at least; formats are in docs/timestamps.md"]
    faults = [fault for item in items for fault in _find_item_faults(item)]
    if faults:
        return faults
    names = spell_grammar(items)
    zones = [name for name in names if name.startswith(_ZONE)]
    if len({*names}) < len(names) or len(zones) > 1:
        return ["names a format twice, or two zones"]
    return [*_find_idle_zone(names, zones), *(find_conflicts(frozenset(names)) or _find_two_orders(names))]


def _find_idle_zone(names: Sequence[str], zones: Sequence[str]) -> Iterator[str]:
    formats = [found for name in names if (found := _find_format(name))]
    if not formats:
        yield "has no format beside its zone"
    elif zones and not any(found.is_naive for found in formats):
        yield f"has {zones[0]}, but no format without a zone that it would be for"


def _find_two_orders(names: Sequence[str]) -> Iterator[str]:
    """Formats of other lengths share no text, but a source that writes both orders is not understood."""
    orders = [next((name for name in names if name.startswith(order)), "") for order in ("day_first", "month_first")]
    if all(orders):
        yield f"{' and '.join(orders)} read one date as two different days"


def _find_item_faults(item: object) -> Iterator[str]:
    if isinstance(item, str):
        if item not in FORMATS:
            yield f"{item!r:.80} is no format{_suggest(item, FORMATS)}"
    elif not isinstance(item, Mapping) or len(item) != 1 or next(iter(item)) not in _MAPPINGS:
        yield f"{item!r:.80} must be the name of a format, a pattern as {{pattern: ...}}, or a zone as {{zone: ...}}"
    elif "zone" in item:
        if not isinstance(item["zone"], str) or item["zone"] not in zone_names():
            yield f"zone {item['zone']!r:.80} is none of the IANA database{_suggest(str(item['zone']), zone_names())}"
    elif fault := find_pattern_fault(item["pattern"]):
        yield f"pattern {item['pattern']!r:.80} {fault}"


def _suggest(word: str, known: Collection[str]) -> str:
    nearest = difflib.get_close_matches(word, known, 1)
    return f"; the nearest is {nearest[0]}" if nearest else "; see docs/timestamps.md"


@cache
def find_conflicts(names: frozenset[str]) -> tuple[str, ...]:
    """Each two declared formats that read some text as two instants, once. One pattern may conflict with itself."""
    found = {}
    for templates in compile_grammar(names).templates.values():
        for one, other in combinations(templates, 2):
            if (one.name, other.name) not in found and are_in_conflict(one, other):
                found[one.name, other.name] = f"{one.name} and {other.name} read one text as two different times"
    return tuple(found.values())


def are_in_conflict(one: Template, other: Template) -> bool:
    """Whether a text may fit both, in two readings: by the characters that each place can have."""
    if one.cells == other.cells:
        return one.zone != other.zone
    return all(
        not mine.isdisjoint(others) for mine, others in zip(characters_of(one), characters_of(other), strict=True)
    )


@cache
def characters_of(template: Template) -> tuple[frozenset[str], ...]:
    """The characters that each place can have in a text that is read."""
    return tuple(_characters_at(template.cells, at) for at in range(len(template.cells)))


_FIRST = {"o": "01", "d": "0123", "h": "012", "m": "012345", "s": "012345", "i": "01", "w": "012345", "j": "0123",
          "e": "123456789", "p": "01", "q": "012345"}  # fmt: skip


def _characters_at(cells: tuple[Cell, ...], at: int) -> frozenset[str]:
    code, literal = cells[at]
    if not code or code == "±":
        return frozenset(literal or "+-")
    run = [place for place, cell in enumerate(cells) if cell.code == code]
    if code in DIGITS:
        return frozenset(_FIRST.get(code, "0123456789") if at == run[0] and len(run) > 1 else "0123456789")
    names = {"b": names_of_length(len(run)), "a": WEEKDAYS, "x": HALVES}[code]
    return frozenset(name[run.index(at)] for name in names)


@cache
def expression_of(template: Template) -> re.Pattern[str]:
    """A regular expression that a text of the template fits, with a group for each of its codes."""
    text, done = "", set[str]()
    for code, literal in template.cells:
        if not code:
            text += re.escape(literal)
        elif code not in done:
            done.add(code)
            text += f"(?P<{_GROUPS.get(code, code)}>{_expression_at(template, code)})"
    return re.compile(text, re.ASCII)


_GROUPS = {"±": "sign"}


def _expression_at(template: Template, code: str) -> str:
    width = sum(cell.code == code for cell in template.cells)
    if code in DIGITS:
        return rf"\d{{{width}}}"
    return {"b": "|".join(names_of_length(width)), "a": "|".join(WEEKDAYS), "x": "|".join(HALVES), "±": "[+-]"}[code]
