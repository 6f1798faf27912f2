"""Compare what is deployed with a checkout. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cli.delivery.changes import Change, Changes, kind_of
from cli.delivery.compatibility import compare_contract, compare_event, next_type
from cli.delivery.manifest import CompiledAction, Json, ReleaseManifest, Routes
from cli.delivery.stored_state import compare_state


def compare(deployed: ReleaseManifest, checkout: ReleaseManifest) -> Changes:
    """All that deploying `checkout` over `deployed` would change."""
    return Changes(
        (
            *_compare_events(deployed, checkout),
            *compare_state(deployed.state, checkout.state),
            *_compare_contracts(deployed.contracts, checkout.contracts),
            *_compare_actions(deployed.actions, checkout.actions),
            *_compare_hashes("file", deployed.sources, checkout.sources),
            *_compare_hashes("part", deployed.parts, checkout.parts),
            *_compare_routes(deployed.routes, checkout.routes),
            *_compare_hashes("image", deployed.images, checkout.images),
            *_compare_hashes("topic", dict.fromkeys(deployed.topics, ""), dict.fromkeys(checkout.topics, "")),
            *_compare_hashes("pipeline", _spec_of(deployed), _spec_of(checkout)),
        )
    )


def _spec_of(manifest: ReleaseManifest) -> Mapping[str, str]:
    return {"train_repeat_purchase": manifest.spec} if manifest.spec else {}


def _compare_hashes(area: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            yield Change(area=area, name=name, kind=kind_of(old.get(name), new.get(name)))


def _compare_routes(old: Routes, new: Routes) -> Iterator[Change]:
    """Of parts that were and are; `removed` if one no longer reacts to something, so that a subscription goes."""
    for part in sorted(old.keys() & new.keys()):
        was, is_ = ({side: set(route[part][side]) for side in ("reacts_to", "states")} for route in (old, new))
        gone = sorted(was["reacts_to"] - is_["reacts_to"])
        details = [f"no longer reacts to {name}" for name in gone]
        details += [f"reacts to {name}" for name in sorted(is_["reacts_to"] - was["reacts_to"])]
        details += [f"no longer states {name}" for name in sorted(was["states"] - is_["states"])]
        details += [f"states {name}" for name in sorted(is_["states"] - was["states"])]
        if details:
            yield Change(area="route", name=part, kind="removed" if gone else "changed", details=tuple(details))


def _compare_events(deployed: ReleaseManifest, checkout: ReleaseManifest) -> Iterator[Change]:
    old, new = deployed.events, checkout.events
    for kind in sorted({*old, *new}):
        if kind not in old:
            yield Change(area="event", name=kind, kind="added")
        elif kind not in new:
            receivers = [part for part, route in checkout.routes.items() if kind in route["reacts_to"]]
            refused = f"{', '.join(receivers)} still reacts to it; take the reaction away too" if receivers else ""
            yield Change(area="event", name=kind, kind="removed", refused=refused)
        elif found := list(compare_event(old[kind], new[kind])):
            yield _judge_event(kind, found)


def _judge_event(kind: str, found: list[tuple[str, bool]]) -> Change:
    broken = [sentence for sentence, fits in found if not fits]
    step = f"state it as a new type, {next_type(kind)}, and keep {kind} until nobody reacts to it"
    refused = f"{'; '.join(broken)}: consumers of {kind} that are deployed cannot read it; {step}" if broken else ""
    details = tuple(sentence for sentence, _ in found)
    return Change(area="event", name=kind, kind="changed", details=details, refused=refused)


def _compare_contracts(old: Mapping[str, Json], new: Mapping[str, Json]) -> Iterator[Change]:
    for flow in sorted({*old, *new}):
        if flow not in old or flow not in new:
            yield Change(area="contract", name=flow, kind=kind_of(old.get(flow), new.get(flow)))
        elif found := [sentence for sentence, _ in compare_contract(old[flow], new[flow])]:
            yield Change(area="contract", name=flow, kind="changed", details=tuple(found))


def _compare_actions(old: Mapping[str, CompiledAction], new: Mapping[str, CompiledAction]) -> Iterator[Change]:
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        if before is None or after is None:
            yield Change(area="table", name=name, kind=kind_of(before, after), details=_describe_end(before, after))
        elif _compared(before) != _compared(after):
            yield _compare_action(name, before, after)


def _compared(action: CompiledAction) -> tuple[object, ...]:
    """What a run sees of an action: neither the file it is in nor the order of what it describes."""
    layout = (action.partition, action.cluster, action.unique_key)
    return (action.kind, action.statements, action.columns, *layout)


def _describe_end(before: CompiledAction | None, after: CompiledAction | None) -> tuple[str, ...]:
    if after is not None:
        return (f"{after.kind}, made by the next run",)
    assert before is not None
    stays = before.kind in ("table", "incremental", "view")
    return (f"{before.kind}; what it has written stays until someone drops it",) if stays else (before.kind,)


def _compare_action(name: str, before: CompiledAction, after: CompiledAction) -> Change:
    """Of a table that keeps no rows from run to run the next run rebuilds all of it."""
    details = tuple(_describe_action(before, after))
    if not (_keeps_rows(name, before) or _keeps_rows(name, after)) or not _reshapes(before, after):
        return Change(area="table", name=name, kind="changed", details=(*details, _EFFECT.get(after.kind, "")))
    step = f"bring the table into its new shape (docs/delivery.md), then --allow-rebuild {name}"
    refused = f"{'; '.join(details)}: its rows are of another shape; {step}"
    return Change(area="table", name=name, kind="changed", details=details, refused=refused, rebuild=True)


def _keeps_rows(name: str, action: CompiledAction) -> bool:
    """Incremental tables do, and the tables that an operation publishes into; a run's own, in `staging`, are made by it."""
    publishes = action.kind == "operations" and bool(action.columns) and not name.startswith("staging.")
    return action.kind == "incremental" or publishes


_EFFECT = {
    "table": "rebuilt by the next run",
    "view": "replaced by the next run",
    "incremental": "applies to the batches that come",
    "operations": "run so from the next run on",
    "assertion": "holds from the next run on",
}


def _reshapes(before: CompiledAction, after: CompiledAction) -> bool:
    """A column that a flow's tables gain is added by the next run, and null in the rows that are there."""
    grows = before.kind == after.kind == "operations" and set(before.columns) <= set(after.columns)
    columns = [() if grows else action.columns for action in (before, after)]
    layouts = [(action.kind, action.partition, action.cluster, action.unique_key) for action in (before, after)]
    return layouts[0] != layouts[1] or columns[0] != columns[1]


def _describe_action(before: CompiledAction, after: CompiledAction) -> Iterator[str]:
    if before.kind != after.kind:
        yield f"was {before.kind} and is {after.kind}"
    gone, more = set(before.columns) - set(after.columns), set(after.columns) - set(before.columns)
    if gone:
        yield f"loses {', '.join(sorted(gone))}"
    if more:
        yield f"gains {', '.join(sorted(more))}"
    for name in ("partition", "cluster", "unique_key"):
        was, is_ = getattr(before, name), getattr(after, name)
        if was != is_:
            yield f"{name.replace('_', ' ')} was {_list(was)} and is {_list(is_)}"
    if before.statements != after.statements:
        yield "its SQL changed"


def _list(value: str | tuple[str, ...]) -> str:
    return (value if isinstance(value, str) else ", ".join(value)) or "none"
