"""A command line that cannot work fails at the prompt: no laptop runs here, and nothing asks for one."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.delivery.manifest import ReleaseManifest
from cli.delivery.releases import Release
from cli.lake import expect_deployed
from cli.main import app
from ripple.errors import PermanentError

FILE = "orders.jsonl"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["tick", "--flow", "nope"], "flows ['nope'] are not among "),
        (["tick", "--from", "2026-02-01", "--to", "2026-01-01"], "is empty"),
        (["tick", "--from", "yesterday"], "YYYY-MM-DD"),
        (["drop", FILE, "--flow", "nope", "--dt", "2026-01-01"], "no flow 'nope'; known: "),
        (["drop", FILE, "--flow", "sales", "--dt", "2026-02-30"], "not a calendar date"),
        (["drop", FILE, "--flow", "sales", "--corrects", "gs://b/o"], "say --flow and --dt, or --corrects"),
        (["demo", "--from", "2026-02-01", "--to", "2026-01-01"], "is empty"),
        (["events", "--follow", "--replay", "r"], "say one of them"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_what_cannot_work_is_refused_before_anything_is_asked(words: list[str], says: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("{}\n")
    given = [str(tmp_path / word) if word == FILE else word for word in words]
    done = CliRunner().invoke(app, [*given, "--state", str(tmp_path / "none")])
    assert (done.exit_code, says in done.stderr) == (2, True), done.output
    assert not (tmp_path / "none").exists()


def test_a_file_of_a_flow_that_is_not_deployed_is_refused() -> None:
    manifest = ReleaseManifest(contracts={"sales": {}})
    release = Release(number=3, state="deployed", by="a", began_at="b", manifest=manifest, archive="c")
    expect_deployed("sales", None)
    with pytest.raises(PermanentError, match=r"has no flow 'refunds'; its flows: sales .*ripple deploy"):
        expect_deployed("refunds", release)
