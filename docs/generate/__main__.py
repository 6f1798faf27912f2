"""`python -m docs.generate` writes the generated pages; `--check` exits 1 and names those that are stale."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import yaml

from cli.flows.deriving import declare
from docs.generate.asyncapi import describe_choreography
from docs.generate.catalogue import write_catalogue
from docs.generate.codes import write_codes
from docs.generate.costs import write_costs
from docs.generate.flows import write_words
from docs.generate.schemas import describe_fact
from docs.generate.state import describe_versions, write_state_page
from docs.generate.timestamps import write_timestamps
from docs.generate.topology import describe_example_bundles, describe_topology
from ripple.flows.dataform_module import PATH
from ripple.state.catalogue import STATE
from ripple.wire.events import CATALOGUE

DOCS = Path(__file__).resolve().parents[1]
EXAMPLES = DOCS.parent / "tests" / "ripple" / "wire" / "events"
STATE_EXAMPLES = DOCS.parent / "tests" / "ripple" / "state" / "documents"


def generate() -> dict[Path, str]:
    """Every generated file and its text, from the code and the golden examples alone."""
    meanings = yaml.safe_load((Path(__file__).parent / "fields.yaml").read_text())
    examples = {kind: json.loads((EXAMPLES / f"{kind}.json").read_text()) for kind in CATALOGUE}
    pages = {DOCS / "events.md": write_catalogue(examples, meanings), DOCS / "codes.md": write_codes()}
    pages[DOCS / "costs.md"] = write_costs()
    pages[DOCS / "timestamps.md"] = write_timestamps()
    pages[DOCS / "flows.md"] = write_words()
    for kind, fact in CATALOGUE.items():
        pages[DOCS / "schemas" / f"{kind}.json"] = json.dumps(describe_fact(fact, meanings), indent=1) + "\n"
    pages |= _generate_state()
    pages[DOCS / "asyncapi.yaml"] = yaml.safe_dump(describe_choreography(), sort_keys=False, width=130)
    pages[DOCS.parent / "dataform" / PATH] = declare(DOCS.parent)
    infra = DOCS.parent / "infra"
    pages[infra / "topology.json"] = json.dumps(describe_topology(), indent=1) + "\n"
    for environment in ("dev", "prod"):
        example = infra / "envs" / environment / "example.auto.tfvars.json"
        pages[example] = json.dumps(describe_example_bundles(), indent=1) + "\n"
    return pages


def _generate_state() -> dict[Path, str]:
    examples = {path.stem: json.loads(path.read_text()) for path in STATE_EXAMPLES.glob("*.json")}
    pages = {DOCS / "state.md": write_state_page(examples)}
    for name in STATE:
        for title, schema in describe_versions(name).items():
            pages[DOCS / "schemas" / "state" / f"{title}.json"] = json.dumps(schema, indent=1) + "\n"
    return pages


def find_stale(pages: dict[Path, str]) -> list[str]:
    """Files that differ or are missing, and schemas of what is no more."""
    stale = [path for path, text in pages.items() if not path.exists() or path.read_text() != text]
    left = [path for path in (DOCS / "schemas").rglob("*.json") if path not in pages]
    return sorted(str(path.relative_to(DOCS.parent)) for path in [*stale, *left])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m docs.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a page is stale")
    pages = generate()
    if parser.parse_args().check:
        stale = find_stale(pages)
        sys.stderr.write("".join(f"{name} is stale: run `make docs`\n" for name in stale))
        return 1 if stale else 0
    for name in find_stale(pages):
        (DOCS.parent / name).unlink(missing_ok=True)
    for path, text in pages.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
