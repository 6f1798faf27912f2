"""What is wrong with a flow file, each fault with its place; all of them are said at once."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any

from ripple.flows.words import Words


class FlowInvalidError(ValueError):
    """A file that declares no flow: `faults`, each with its place."""

    def __init__(self, name: str, faults: Collection[str]) -> None:
        super().__init__(f"{name} declares no flow: " + "; ".join(faults))
        self.faults = tuple(faults)


class Faults(list[str]):
    """Collects them while a document is read: what is asked for is given back only if it is there as it must be."""

    def add(self, place: str, what: str) -> None:
        self.append(f"{place}: {what}" if place else what)

    def read(self, found: object, place: str, words: Words) -> Mapping[str, Any]:
        """A mapping of known words with those that must be there; {} and faults for anything else."""
        if not isinstance(found, Mapping):
            self.add(place, f"must be a mapping of {', '.join(words)}")
            return {}
        for name in found:
            if name not in words:
                self.add(_join(place, name), f"unknown; {_suggest(name, words)}")
        for name, word in words.items():
            if word.required and found.get(name) is None:
                self.add(_join(place, name), f"is missing; it takes {word.takes}")
        return {name: found[name] for name in words if found.get(name) is not None}

    def read_properties(self, found: object, place: str, words: Words) -> Mapping[str, Any]:
        """The values of `customProperties` by their names."""
        values: dict[str, Any] = {}
        for at, entry in enumerate(self.read_list(found, place)):
            if not isinstance(entry, Mapping) or set(entry) - {"description"} != {"property", "value"}:
                self.add(f"{place}[{at}]", "must be a mapping of property and value")
            elif not isinstance(entry["property"], str) or entry["property"] not in words:
                self.add(f"{place}[{at}]", f"{entry['property']!r} is unknown; {_suggest(entry['property'], words)}")
            elif entry["property"] in values:
                self.add(f"{place}[{at}]", f"{entry['property']} stands there twice")
            else:
                values[entry["property"]] = entry["value"]
        return values

    def read_list(self, found: object, place: str) -> list[Any]:
        if found is None:
            return []
        if not isinstance(found, list):
            self.add(place, "must be a list")
            return []
        return found

    def read_text(self, found: object, place: str) -> str:
        if found is not None and not isinstance(found, str):
            self.add(place, f"is {found!r}, must be a text; write it in quotes")
            return ""
        return found or ""

    def read_choice(self, found: object, place: str, allowed: Collection[str]) -> str:
        if not isinstance(found, str) or found not in allowed:
            self.add(place, f"is {found!r}, must be {' or '.join(allowed)}")
            return next(iter(allowed))
        return str(found)

    def read_flag(self, found: object, place: str) -> bool:
        if not isinstance(found, bool):
            self.add(place, f"is {found!r}, must be true or false")
        return found is True


def _join(place: str, name: object) -> str:
    return f"{place}.{name}" if place else str(name)


def _suggest(name: object, words: Collection[str]) -> str:
    near = difflib.get_close_matches(str(name), list(words), 1)
    return (f"perhaps {near[0]}? " if near else "") + "known are " + ", ".join(words)
