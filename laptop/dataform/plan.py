"""Which actions an invocation runs, and which may start. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from laptop.dataform.graph import Action, ActionTarget, target_of


def select_actions(actions: Iterable[Action], config: Mapping[str, Any]) -> list[Action]:
    """The actions of an `invocationConfig`: all of them, or those with a tag or target, with what they depend on if asked.

    Disabled ones are among them: they are shown, never run, and may be depended upon.

    Raises ValueError for a target that does not exist, and for tags and targets together.
    """
    known = {action.target: action for action in actions}
    chosen = _choose(known, config)
    if config.get("transitiveDependenciesIncluded"):
        chosen |= _closure(chosen, {name: each.dependencies for name, each in known.items()})
    if config.get("transitiveDependentsIncluded"):
        chosen |= _closure(chosen, _dependents(known.values()))
    return [each for name, each in known.items() if name in chosen and each.kind != "declaration"]


def _choose(known: Mapping[ActionTarget, Action], config: Mapping[str, Any]) -> set[ActionTarget]:
    """What is asked for by name or tag."""
    tags, targets = set(config.get("includedTags", [])), [target_of(item) for item in config.get("includedTargets", [])]
    if tags and targets:
        raise ValueError("Only one of includedTags and includedTargets can be set")
    unknown = [str(target) for target in targets if target not in known]
    if unknown:
        raise ValueError(f"No such target: {', '.join(unknown)}")
    return set(targets) or {name for name, each in known.items() if not tags or tags & set(each.tags)}


def _closure(start: Iterable[ActionTarget], edges: Mapping[ActionTarget, Iterable[ActionTarget]]) -> set[ActionTarget]:
    reached, waiting = set[ActionTarget](), list(start)
    while waiting:
        for target in edges.get(waiting.pop(), ()):
            if target not in reached:
                reached.add(target)
                waiting.append(target)
    return reached & edges.keys()


def _dependents(actions: Iterable[Action]) -> dict[ActionTarget, list[ActionTarget]]:
    found: dict[ActionTarget, list[ActionTarget]] = defaultdict(list)
    for action in actions:
        found.setdefault(action.target, [])
        for dependency in action.dependencies:
            found[dependency].append(action.target)
    return found


def ready_actions(actions: Iterable[Action], states: Mapping[ActionTarget, str]) -> list[Action]:
    """Pending actions whose selected dependencies have all succeeded or are disabled."""
    return [
        action
        for action in actions
        if states[action.target] == "PENDING"
        and all(states.get(target, "SUCCEEDED") in ("SUCCEEDED", "DISABLED") for target in action.dependencies)
    ]


def skipped_actions(actions: Iterable[Action], states: Mapping[ActionTarget, str]) -> list[Action]:
    """Pending actions that depend on one that failed, was skipped or cancelled."""
    ended_badly = ("FAILED", "SKIPPED", "CANCELLED")
    return [
        action
        for action in actions
        if states[action.target] == "PENDING"
        and any(states.get(target) in ended_badly for target in action.dependencies)
    ]
