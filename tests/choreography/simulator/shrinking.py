"""Leave faults out until none can be spared: the few that break the property make the story."""

from __future__ import annotations

from collections.abc import Callable, Sequence


def shrink(faults: Sequence[str], breaks: Callable[[Sequence[str]], bool], tries: int = 400) -> list[str]:
    """The smallest set that `breaks` still says True of, by leaving out ever smaller parts (Zeller's ddmin)."""
    kept, part = list(faults), max(len(faults) // 2, 1)
    while tries > 0:
        for start in range(0, len(kept), part):
            rest = kept[:start] + kept[start + part :]
            tries -= 1
            if breaks(rest):
                kept = rest
                break
            if tries <= 0:
                break
        else:
            if part == 1:
                break
            part = max(part // 2, 1)
            continue
        part = min(part, max(len(kept) // 2, 1))
    return kept
