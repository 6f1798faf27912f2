"""The `ripple` command: run the laptop, drop and find files, watch events, replay."""

from __future__ import annotations

from cli.command_line import app
from cli.commands import lake, laptop, replays, runs

__all__ = ["app", "lake", "laptop", "replays", "runs"]


def main() -> None:
    app()


if __name__ == "__main__":
    main()
