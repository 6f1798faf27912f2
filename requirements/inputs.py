"""What each lock was made from: `make lock` writes `inputs.json`; `--check` exits 1 and names a lock that is stale or unsafe."""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
INPUTS = Path(__file__).with_suffix(".json")
LAPTOP_LOCKS = {"laptop": "requirements.txt", "laptop_build": "requirements-build.txt"}
SHARED = frozenset({"function"})
"""Groups that others include, and that are not locked on their own."""
_PIN = re.compile(r"^[A-Za-z0-9._-]+(\[[a-z0-9,_-]+\])?==\S+")


def lock_of(group: str, root: Path = ROOT) -> Path:
    """Where a dependency group is locked."""
    if group in LAPTOP_LOCKS:
        return root / "laptop" / LAPTOP_LOCKS[group]
    own = root / "functions" / group
    return own / "requirements.txt" if own.is_dir() else root / "requirements" / f"{group}.txt"


def expand(groups: Mapping[str, Any], name: str) -> Iterator[str]:
    """A group's requirements, with those of the groups that it includes."""
    for item in groups[name]:
        if isinstance(item, str):
            yield item
        else:
            yield from expand(groups, item["include-group"])


def read_groups(pyproject: str, laptop: str) -> dict[str, Any]:
    """The groups of a `pyproject.toml`'s text, with those of the laptop's: `dev` includes what runs and what tests it."""
    groups = dict(tomllib.loads(pyproject)["dependency-groups"])
    if laptop:
        fields = tomllib.loads(laptop)
        needed = fields["project"]["dependencies"]
        groups["dev"] = [*groups["dev"], *needed, *fields["dependency-groups"]["test"]]
        groups |= {"laptop": needed, "laptop_build": fields["dependency-groups"]["build"]}
    return groups


def digest_groups(pyproject: str, laptop: str = "") -> dict[str, str]:
    """`{group: digest of its requirements}` of the two `pyproject.toml`s' texts."""
    groups = read_groups(pyproject, laptop)
    return {
        name: hashlib.sha256("\n".join(sorted(set(expand(groups, name)))).encode()).hexdigest()[:16]
        for name in groups
        if name not in SHARED
    }


def find_faults(pyproject: str, recorded: Mapping[str, str], root: Path = ROOT, laptop: str = "") -> list[str]:
    """Every lock that was not made from what pyproject.toml says now, or that holds an address or a pin without a hash."""
    current = digest_groups(pyproject, laptop)
    faults = [
        f"{lock_of(name, root).relative_to(root)} is stale" for name in current if recorded.get(name) != current[name]
    ]
    for name in current:
        path = lock_of(name, root)
        faults += [f"{path.relative_to(root)}: {fault}" for fault in _inspect(path)]
    return faults


def _inspect(path: Path) -> Iterator[str]:
    if not path.exists():
        yield "is missing"
        return
    text = path.read_text()
    if "://" in text:
        yield "holds a download address"
    for entry in re.split(r"\n(?=[A-Za-z0-9])", text):
        if _PIN.match(entry) and "--hash=sha256:" not in entry:
            yield f"{entry.split()[0]} has no hash"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a lock is stale")
    pyproject, laptop = (ROOT / "pyproject.toml").read_text(), (ROOT / "laptop" / "pyproject.toml").read_text()
    if not parser.parse_args().check:
        INPUTS.write_text(json.dumps(digest_groups(pyproject, laptop), indent=1) + "\n")
        return 0
    faults = find_faults(pyproject, json.loads(INPUTS.read_text()), laptop=laptop)
    sys.stderr.write("".join(f"{fault}: run `make lock`\n" for fault in faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
