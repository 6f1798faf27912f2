"""Put `ripple` into the virtual environment: a launcher beside python, and the checkout on its path."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

_LAUNCHER = "#!{python}\nfrom cli.main import main\n\nmain()\n"


def install(root: Path, python: Path, site: Path) -> Path:
    """Write the launcher and the path file; the launcher's path."""
    (site / "ripple_checkout.pth").write_text(f"{root}\n")
    launcher = python.parent / "ripple"
    launcher.write_text(_LAUNCHER.format(python=python))
    launcher.chmod(0o755)
    return launcher


if __name__ == "__main__":
    install(Path(__file__).resolve().parents[1], Path(sys.executable), Path(sysconfig.get_path("purelib")))
