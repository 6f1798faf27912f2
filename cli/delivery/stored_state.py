"""Whether the code of a checkout reads the documents that a deployed release has stored, by the schemas of both. Pure.

Events are held to the same; but an event lives for a day, and a document of the state for good.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cli.delivery.changes import Change

Schema = Mapping[str, Any]
Finding = tuple[str, bool]
"""A difference in a sentence, and whether the newer code reads what is stored."""
_ROLLBACK = "the deployed release could not read it, if it came to a rollback"


def compare_state(old: Mapping[str, Schema], new: Mapping[str, Schema]) -> Iterator[Change]:
    """Of the schemas by `{name}.v{version}`. A release from before there were any has none, and nothing to compare."""
    if not old or not new:
        return
    for title in sorted({*old, *new}):
        if title not in old:
            yield Change(area="state", name=title, kind="added", details=tuple(_describe_new(title, old)))
        elif title not in new:
            yield _describe_gone(title, new)
        elif found := list(compare_record(old[title], new[title])):
            yield _judge(title, found)


def _describe_new(title: str, old: Mapping[str, Schema]) -> Iterator[str]:
    if _has_versions(title, old):
        yield f"a new version, in which documents are written from now on: {_ROLLBACK}"


def _has_versions(title: str, schemas: Mapping[str, Schema]) -> bool:
    """Whether its collection is there, in any version."""
    return any(_name(other) == _name(title) for other in schemas)


def _name(title: str) -> str:
    return title.rpartition(".v")[0]


def _describe_gone(title: str, new: Mapping[str, Schema]) -> Change:
    if not _has_versions(title, new):
        stays = "nothing reads it any more; its documents stay until someone deletes them"
        return Change(area="state", name=title, kind="removed", details=(stays,))
    refused = f"documents of it may be stored, and nothing reads them; keep its record among the `older` ones of {_name(title)}"
    return Change(area="state", name=title, kind="removed", refused=refused)


def _judge(title: str, found: list[Finding]) -> Change:
    broken = [sentence for sentence, fits in found if not fits]
    step = f"give a new field a default, or write {next_version(title)} and keep the record of {title} among the `older` ones"
    refused = f"{'; '.join(broken)}: documents of {title} that are stored could not be read; {step}" if broken else ""
    details = tuple(sentence for sentence, _ in found)
    return Change(area="state", name=title, kind="changed", details=details, refused=refused)


def next_version(title: str) -> str:
    """`files.v1` makes `files.v2`."""
    name, _, version = title.rpartition(".v")
    return f"{name}.v{int(version) + 1}"


def compare_record(old: Schema, new: Schema, place: str = "") -> Iterator[Finding]:
    """Each difference of two schemas of one version. Other words for the same are none."""
    before, after = old.get("properties", {}), new.get("properties", {})
    required, needed = set(old.get("required", ())), set(new.get("required", ()))
    for name in sorted({*before, *after}):
        field = f"field {place}{name}"
        if name not in after:
            lost = f", which was required: {_ROLLBACK}" if name in required else ""
            yield f"{field} is removed{lost}", True
        elif name not in before:
            yield (
                f"{field} is new" + (" and required: stored documents lack it" if name in needed else ""),
                (name not in needed),
            )
        else:
            yield from _compare_value(before[name], after[name], f"{place}{name}")
            if (name in required) != (name in needed):
                fits = name not in needed
                yield f"{field} is {'no longer required' if fits else 'required: stored documents may lack it'}", fits


def _compare_value(old: Schema, new: Schema, place: str) -> Iterator[Finding]:
    """Of one place in a document, by the kinds of values that it may hold."""
    before, after = _arms(old), _arms(new)
    if before.keys() != after.keys():
        yield f"field {place} was {_words(before)} and is {_words(after)}", before.keys() <= after.keys()
    for kind in before.keys() & after.keys():
        was, is_ = before[kind], after[kind]
        yield from _compare_words(was, is_, place)
        if "properties" in was and "properties" in is_:
            yield from compare_record(was, is_, f"{place}.")
        yield from _compare_inner(was, is_, place)


def _compare_words(old: Schema, new: Schema, place: str) -> Iterator[Finding]:
    before, after = (set(schema["enum"]) if "enum" in schema else None for schema in (old, new))
    if before == after:
        return
    if after is None:
        yield f"field {place} may be any text: {_ROLLBACK}", True
    elif before is None:
        yield f"field {place} must be one of {', '.join(sorted(after))}; any text may be stored", False
    else:
        if gone := sorted(before - after):
            yield f"field {place} loses {', '.join(gone)}, which may be stored", False
        if more := sorted(after - before):
            yield f"field {place} gains {', '.join(more)}: {_ROLLBACK}", True


def _compare_inner(old: Schema, new: Schema, place: str) -> Iterator[Finding]:
    """What an array or a map holds; one that does not say so holds anything."""
    for word, inside in (("items", f"{place}[]"), ("additionalProperties", f"{place}.*")):
        if word in old and word in new:
            yield from _compare_value(old[word], new[word], inside)
        elif word in new:
            yield f"field {inside} was anything and is {_words(_arms(new[word]))}", False
        elif word in old:
            yield f"field {inside} may be anything: {_ROLLBACK}", True


def _arms(schema: Schema) -> dict[str, Schema]:
    """What a value may be, by kind: null, timestamp, the data of an event, or a type of JSON."""
    arms: dict[str, Schema] = {}
    for arm in schema.get("anyOf", [schema]):
        kind = _kind(arm)
        arms[kind] = _merge(arms[kind], arm) if kind in arms else arm
    return arms


def _kind(schema: Schema) -> str:
    if "$ref" in schema:
        return "data of " + str(schema["$ref"]).removeprefix("../").removesuffix(".json")
    return "timestamp" if "$timestamp" in schema.get("properties", {}) else str(schema.get("type", "anything"))


def _merge(one: Schema, other: Schema) -> Schema:
    """Two arrays that a value may be are one of either's items."""
    return {"type": one.get("type"), "items": {"anyOf": [one.get("items", {}), other.get("items", {})]}}


def _words(arms: Mapping[str, Schema]) -> str:
    return " or ".join(sorted(arms))
