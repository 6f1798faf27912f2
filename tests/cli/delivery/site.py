"""A laptop of its own to deploy to, checkouts to deploy, and the `ripple` command as a person runs it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from cli.delivery.archive import pack, unpack
from cli.main import app
from cli.provisioning.clients import AdminClients
from cli.provisioning.sequence import ROOT


@dataclass(frozen=True, slots=True)
class Said:
    """What a command said and how it ended."""

    code: int
    output: str
    errors: str

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.output)
        return found


@dataclass(frozen=True, slots=True)
class Site:
    """The laptop's folder and clients; `folder` is for checkouts."""

    state: Path
    clients: AdminClients
    folder: Path

    def ripple(self, *words: str) -> Said:
        done = CliRunner().invoke(app, [words[0], "--state", str(self.state), "--json", *words[1:]])
        assert not done.exception or isinstance(done.exception, SystemExit), done.exception
        return Said(done.exit_code, done.stdout, done.stderr)

    def checkout(self, name: str, changes: dict[str, tuple[str, str]] | None = None) -> Path:
        """A copy of this checkout in which each file's text is replaced as `changes` says: path to (what, by what)."""
        root = self.folder / name
        unpack(pack(ROOT), self.folder).rename(root)
        for path, (what, by) in (changes or {}).items():
            text = (root / path).read_text()
            assert what in text, f"{what!r} is not in {path}"
            (root / path).write_text(text.replace(what, by))
        return root

    def rows(self, sql: str) -> list[dict[str, Any]]:
        return [dict(row.items()) for row in self.clients.bigquery.query_and_wait(sql)]
