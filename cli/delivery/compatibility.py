"""Whether those who know an older event, or rows that kept to an older contract, get along with the new one. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ripple.rows.timestamp_grammar import spell_grammar

Schema = Mapping[str, Any]
_SHAPE = ("type", "items", "additionalProperties", "properties")
_LIMITS = {"min": lambda old, new: new <= old, "max": lambda old, new: new >= old}


def compare_event(old: Schema, new: Schema) -> Iterator[tuple[str, bool]]:
    """Each difference of two schemas of one type, and whether the type may keep its name. Other words for the same are none."""
    before, after = old.get("properties", {}), new.get("properties", {})
    required, needed = set(old.get("required", ())), set(new.get("required", ()))
    for name in sorted({*before, *after}):
        if name not in after:
            yield f"field {name} is removed", False
        elif name not in before:
            yield f"field {name} is new" + (" and required" if name in needed else ""), name not in needed
        elif _shape(before[name]) != _shape(after[name]):
            yield f"field {name} was {_describe_type(before[name])} and is {_describe_type(after[name])}", False
        elif (name in required) != (name in needed):
            yield f"field {name} is {'required' if name in needed else 'no longer required'}", False


def _shape(schema: Any) -> Any:
    """What a schema says of a value, less what it says to a reader."""
    if not isinstance(schema, Mapping):
        return schema
    kept = {key: _shape(value) for key, value in schema.items() if key in _SHAPE and key != "properties"}
    inner = {name: _shape(value) for name, value in schema.get("properties", {}).items()}
    return kept | ({"properties": inner, "required": sorted(schema.get("required", ()))} if inner else {})


def _describe_type(schema: Schema) -> str:
    inner = schema.get("items") or schema.get("additionalProperties")
    return f"{schema.get('type')} of {_describe_type(inner)}" if isinstance(inner, Mapping) else str(schema.get("type"))


def next_type(kind: str) -> str:
    """The type that an incompatible event needs: `elt.run.failed.v1` makes `elt.run.failed.v2`."""
    stem, _, version = kind.rpartition(".v")
    return f"{stem}.v{int(version) + 1}" if stem and version.isdecimal() else f"{kind}.v2"


def compare_contract(old: Schema, new: Schema, place: str = "") -> Iterator[tuple[str, bool]]:
    """Each difference of two contracts: a sentence, and whether every row that kept to the old one keeps to the new one."""
    yield from _compare_evolution(old, new)
    before, after = old.get("fields", {}), new.get("fields", {})
    for name in sorted({*before, *after}):
        at = f"{place}{name}"
        if name not in after:
            yield f"field {at} is removed: {_fate_of_unknown(new)}", _evolves(new)
        elif name not in before:
            free = bool(after[name].get("nullable"))
            yield f"field {at} is new" + ("" if free else ": rows without it go to quarantine as missing_field"), free
        else:
            yield from _compare_rule(at, before[name], after[name])


def _fate_of_unknown(contract: Schema) -> str:
    if _evolves(contract):
        return "what rows have of it is kept in _rescued"
    return "rows that have it go to quarantine as unknown_field"


def _evolves(contract: Schema) -> bool:
    return bool(contract.get("evolution", {}).get("new_field") == "evolve")


def _compare_evolution(old: Schema, new: Schema) -> Iterator[tuple[str, bool]]:
    for drift in ("new_field", "widened_type"):
        was, is_ = (side.get("evolution", {}).get(drift, "quarantine") for side in (old, new))
        if was != is_:
            yield f"{drift} was {was} and is {is_}", is_ == "evolve"


def _compare_rule(at: str, old: Schema, new: Schema) -> Iterator[tuple[str, bool]]:
    if old.get("kind") != new.get("kind"):
        wider = (old.get("kind"), new.get("kind")) == ("integer", "number")
        yield f"field {at} was {old.get('kind')} and is {new.get('kind')}" + _to("wrong_type", wider), wider
        return
    if bool(old.get("nullable")) != bool(new.get("nullable")):
        free = bool(new.get("nullable"))
        yield f"field {at} {'may now be' if free else 'may no longer be'} missing" + _to("missing_field", free), free
    for name in ("enum", "grammar"):
        was, is_ = ({*spell_grammar(side.get(name, ()))} for side in (old, new))
        gone, more = was - is_, is_ - was
        if gone or more:
            words = [f"loses {', '.join(sorted(gone))}"] if gone else []
            words += [f"gains {', '.join(sorted(more))}"] if more else []
            code = "not_in_enum" if name == "enum" else "ambiguous or unknown timestamps"
            # Times without a zone that were read as UTC would be read otherwise.
            wider = not gone and not any(item.startswith("zone: ") for item in more)
            yield f"field {at}: {name} {' and '.join(words)}" + _to(code, wider), wider
    yield from _compare_limits(at, old, new)
    yield from compare_contract({"fields": old.get("fields", {})}, {"fields": new.get("fields", {})}, f"{at}.")


def _compare_limits(at: str, old: Schema, new: Schema) -> Iterator[tuple[str, bool]]:
    for name in sorted({*old, *new} - {"kind", "nullable", "enum", "grammar", "fields"}):
        was, is_ = old.get(name), new.get(name)
        if was == is_:
            continue
        wider = is_ is None or (was is not None and name in _LIMITS and _LIMITS[name](was, is_))
        yield f"field {at}: {name} was {was} and is {is_}" + _to("out_of_range", wider), wider


def _to(code: str, wider: bool) -> str:
    return "" if wider else f": rows that do not fit go to quarantine as {code}"
