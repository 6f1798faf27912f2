"""Run one compiled pipeline with kfp's local runner, in a process of its own, then exit.

`python run_spec.py REQUEST.json`, with a Python that has kfp and need not have the laptop. The request holds `spec`, `parameters` and
`root` (where artifacts go). Exit code 0 when every task succeeded. kfp's local session is a process singleton.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path


def main(request_path: Path) -> int:
    """Run the request; tasks' logs and states go to stdout."""
    from kfp import components, local

    warnings.filterwarnings("ignore", module="kfp")
    request = json.loads(request_path.read_text())
    root = Path(request["root"])
    runner = local.SubprocessRunner(use_venv=False)
    local.init(runner, pipeline_root=str(root / "artifacts"), workspace_root=str(root / "workspace"))
    pipeline = components.load_component_from_text(json.dumps(request["spec"]))
    pipeline(**request["parameters"])
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
