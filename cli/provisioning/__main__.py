"""`python -m cli.provisioning foundation | parts | prune`: one step of a deployment, by the code of the checkout it is run in.

A release of another version, such as one that is rolled back to, is so deployed by its own routes and its own code.
The environment says where, as `.ripple/env` does.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from cli.provisioning.clients import AdminClients
from cli.provisioning.persisting import persist
from cli.provisioning.pruning import prune
from cli.provisioning.sequence import PARTS, ReleaseCode, deploy_parts, lay_foundation


def main() -> None:
    given = _parse()
    clients = AdminClients(os.environ)
    if given.step == "foundation":
        persist(lambda: lay_foundation(clients))
    elif given.step == "prune":
        persist(lambda: prune(clients))
    else:
        code = ReleaseCode(root=Path.cwd(), spec=given.spec, packed=given.packed, release=given.release)
        persist(lambda: deploy_parts(clients, code, [part for part in PARTS if part in given.parts]))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m cli.provisioning", description=__doc__)
    parser.add_argument("step", choices=("foundation", "parts", "prune"))
    parser.add_argument("--parts", nargs="*", default=[], help="which parts; one that this checkout lacks is left out")
    parser.add_argument("--spec", default="", help="gs:// URI of the compiled pipeline")
    parser.add_argument("--release", default="", help="number of the release that the parts are of")
    parser.add_argument("--packed", action="store_true", help="all functions in one process")
    return parser.parse_args()


if __name__ == "__main__":
    main()
