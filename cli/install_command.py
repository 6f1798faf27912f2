"""Put `ripple` and `laptop` into the virtual environment: launchers beside python, and the checkout on its path."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

_LAUNCHER = "#!{python}\nfrom {module} import main\n\nmain()\n"
_COMMANDS = {"ripple": "cli.main", "laptop": "laptop.command"}


def install(root: Path, python: Path, site: Path) -> None:
    """Write the launchers and the path file."""
    (site / "ripple_checkout.pth").write_text(f"{root}\n")
    for name, module in _COMMANDS.items():
        launcher = python.parent / name
        launcher.write_text(_LAUNCHER.format(python=python, module=module))
        launcher.chmod(0o755)


if __name__ == "__main__":
    install(Path(__file__).resolve().parents[1], Path(sys.executable), Path(sysconfig.get_path("purelib")))
