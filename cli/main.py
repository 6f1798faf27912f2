"""The `ripple` command: run the laptop, drop and find files, watch events, browse what was refused, replay, deploy, roll back."""

from __future__ import annotations

from cli.command_line import app
from cli.commands import costs, dead_letters, delivery, flows, lake, laptop, quarantine, releases, replays, runs

__all__ = [
    "app",
    "costs",
    "dead_letters",
    "delivery",
    "flows",
    "lake",
    "laptop",
    "quarantine",
    "releases",
    "replays",
    "runs",
]


def main() -> None:
    app()


if __name__ == "__main__":
    main()
