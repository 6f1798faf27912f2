"""What holds of `infra/` and can be seen without Terraform. Each policy reads a checkout and names its faults."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from docs.generate.topology import describe_topology
from tests.infra.grants import ANYONE, ON_ONE_ACCOUNT, TOO_WIDE, find_too_wide, read_golden, read_table

_BLOCK = re.compile(r'^(resource|data|module|locals)(?: "(\w+)")?(?: "(\w+)")? \{\n(.*?)^\}$', re.M | re.S)
_VARIABLE = re.compile(r'^variable "(\w+)" \{\n(.*?)^\}$', re.M | re.S)
_AUTHORITATIVE = re.compile(r"_iam_(policy|binding)$")


def modules_of(root: Path) -> list[Path]:
    return sorted(path for path in (root / "infra" / "modules").iterdir() if path.is_dir())


def check_roles_in_code(root: Path) -> Iterator[str]:
    """No basic role, no key, no door that is open to all; acting as an account is granted on that account alone."""
    for path in sorted((root / "infra").rglob("*.tf")):
        code = re.sub(r"^\s*#.*$", "", path.read_text(), flags=re.M)
        for _, kind, name, body in _BLOCK.findall(code):
            for fault in _judge_block(kind, body):
                yield f"{path.relative_to(root)}: {kind or 'locals'} {name}: {fault}".replace(" :", ":")


def _judge_block(kind: str, body: str) -> Iterator[str]:
    forbidden = [*TOO_WIDE, *(() if kind == "google_service_account_iam_member" else ON_ONE_ACCOUNT)]
    yield from (f"holds {role}" for role in forbidden if f'"{role}"' in body)
    yield from (f"lets in {anyone}" for anyone in ANYONE if anyone in body)
    if _AUTHORITATIVE.search(kind):
        yield "takes away what others granted: use _iam_member"
    if kind == "google_service_account_key":
        yield "is a key, which can be lost: use identities that need none"


def check_golden(root: Path) -> Iterator[str]:
    """Nobody holds what is too wide, and what parts hold on the project is what a deployment may grant."""
    grants = read_golden((root / "infra" / "iam.golden").read_text())
    yield from (f"infra/iam.golden: {fault}" for fault in find_too_wide(grants))
    grantable = (root / "infra" / "modules" / "platform" / "grants.tf").read_text()
    parts = {grant for grant in grants if grant.who.startswith("ripple-") and grant.who != "ripple-deploy"}
    held = sorted({grant.role for grant in parts if grant.on == "project" and f'"{grant.role}"' not in grantable})
    yield from (
        f"infra/modules/platform/grants.tf: a deployment may not grant {role}, which a part holds" for role in held
    )


def check_table_of_grants(root: Path) -> Iterator[str]:
    """docs/security.md gives a reason for each grant, and for none that is not there."""
    grants = read_golden((root / "infra" / "iam.golden").read_text())
    table = dict(read_table((root / "docs" / "security.md").read_text()))
    yield from (f"docs/security.md: no reason for {grant}" for grant in sorted(grants - set(table)))
    yield from (f"docs/security.md: nobody has {grant}" for grant in sorted(set(table) - grants))


def check_modules(root: Path) -> Iterator[str]:
    """A module says what it takes and gives, has tests, and its README holds the example that is checked."""
    for module in modules_of(root):
        place = module.relative_to(root)
        missing = [
            name for name in ("variables.tf", "outputs.tf", "versions.tf", "README.md") if not (module / name).exists()
        ]
        yield from (f"{place}: lacks {name}" for name in missing)
        if not list(module.glob("tests/*.tftest.hcl")) and module.name != "platform":
            yield f"{place}: lacks tests"
        for name, body in _VARIABLE.findall((module / "variables.tf").read_text()):
            yield from (
                f"{place}: variable {name} lacks {word}" for word in ("description", "type") if f"  {word} " not in body
            )


def check_examples(root: Path) -> Iterator[str]:
    for example in sorted((root / "infra" / "modules").glob("*/examples/basic/main.tf")):
        page = (example.parents[2] / "README.md").read_text()
        if f"```hcl\n{example.read_text()}```\n" not in page:
            yield f"{example.relative_to(root)}: is not the example in README.md"


def check_topology(root: Path) -> Iterator[str]:
    written = json.loads((root / "infra" / "topology.json").read_text())
    said = json.loads(json.dumps(describe_topology()))
    yield from (
        f"infra/topology.json: {key} is not what the routes say" for key in said if written.get(key) != said[key]
    )


def check_skips(root: Path) -> Iterator[str]:
    """Whoever passes a rule over says why, beside the resource."""
    for path in sorted((root / "infra").rglob("*.tf")):
        for skip in re.findall(r"checkov:skip=.*", path.read_text()):
            if not re.fullmatch(r"checkov:skip=CKV2?_[A-Z]+_\d+: .{20,}", skip):
                yield f"{path.relative_to(root)}: {skip}: give the reason after a colon"


def check_runbooks(root: Path) -> Iterator[str]:
    """Cloud Monitoring takes 8,192 characters of text in a mail; a reader takes three questions."""
    for path in sorted((root / "docs" / "runbooks").glob("*.md")):
        text = path.read_text()
        if len(text) > 8192:
            yield f"docs/runbooks/{path.name}: has {len(text)} characters, over 8192"
        asked = ("**What it means.**", "**How to look.**", "**How to fix it.**")
        yield from (f"docs/runbooks/{path.name}: lacks {question}" for question in asked if question not in text)


POLICIES: Mapping[str, Callable[[Path], Iterator[str]]] = {
    "roles in code": check_roles_in_code,
    "golden": check_golden,
    "table of grants": check_table_of_grants,
    "modules": check_modules,
    "examples": check_examples,
    "topology": check_topology,
    "skips": check_skips,
    "runbooks": check_runbooks,
}
