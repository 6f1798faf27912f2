"""What is Ripple's on its laptop: the project, the settings that lead Ripple to it, and whether Ripple is deployed there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from laptop.addresses import client_environment
from laptop.control import read_ports
from laptop.control import start_detached as start_laptop
from laptop.files import write_whole
from laptop.hosting import PipelineImage
from laptop.settings import LaptopSettings
from laptop.supervisor import ENVIRONMENT_FILE, PORTS_FILE

PROJECT = "ripple-laptop"
LOCATION = "us-central1"
ROOT = Path(__file__).resolve().parents[1]
NODE_MODULES = str(ROOT / "dataform" / "node_modules")
_DEPLOYED_FILE = "deployed.json"
_ENDPOINTS = ("run", "workflows", "executions", "dataform", "vertex", "secrets", "eventarc", "scheduler", "bigquery")


def environment(ports: Mapping[str, int]) -> dict[str, str]:
    """What leads Google's clients, and Ripple's settings, to the laptop."""
    endpoints = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
    found = (name for name in _ENDPOINTS if name in endpoints)
    settings = {f"RIPPLE_ENDPOINT_{name.upper()}": f"http://{endpoints[name]}" for name in found}
    return client_environment(endpoints, PROJECT) | {"RIPPLE_LOCATION": LOCATION} | settings


def start_detached(state: Path, timeout_seconds: float = 180, *, fsync: bool = False) -> None:
    """Start the laptop for Ripple and return when it is ready, its `env` file with Ripple's settings. LaptopError says why not."""
    settings = LaptopSettings(
        project=PROJECT, location=LOCATION, fsync=fsync, pipelines=pipeline_image(), node_modules=NODE_MODULES
    )
    start_laptop(state, settings, timeout_seconds)
    named = environment(read_ports(state))
    write_whole(state / ENVIRONMENT_FILE, "".join(f"{name}={value}\n" for name, value in named.items()))


def pipeline_image() -> PipelineImage:
    """The checkout is what the image of the pipelines holds, and tasks find the model registry as functions find Vertex AI."""
    env = {"PYTHONPATH": str(ROOT), "RIPPLE_ENDPOINT_VERTEX": "http://{vertex}"}
    return PipelineImage(python=str(ROOT / ".venv-pipelines" / "bin" / "python"), env=env)


def is_deployed(state: Path) -> bool:
    """Whether a deployment to this laptop, at the addresses it has now, came to its end."""
    marker = state / _DEPLOYED_FILE
    return marker.exists() and marker.read_text() == (state / PORTS_FILE).read_text()


def mark_deployed(state: Path) -> None:
    write_whole(state / _DEPLOYED_FILE, (state / PORTS_FILE).read_text())
