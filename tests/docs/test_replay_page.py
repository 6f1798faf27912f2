"""The messages on the replay page are commands that the function takes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ripple.deployment.settings import Settings
from ripple.replaying.commands import read_request

PAGE = (Path(__file__).parents[2] / "docs" / "replay.md").read_text()
MESSAGES = re.findall(
    r"gcloud pubsub topics publish ripple-replays --attribute=kind=replay(?: \\\n)? +--message='([^']+)'", PAGE
)
KINDS = {"object", "flow", "batch", "training", "resume", "dead-letter"}


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_is_a_command(message: str) -> None:
    assert read_request(json.loads(message), Settings(project="my-project")).kind in KINDS


def test_every_kind_has_its_line_and_no_line_is_missed() -> None:
    assert {json.loads(message)["kind"] for message in MESSAGES} == KINDS
    assert len(MESSAGES) == PAGE.count("gcloud pubsub topics publish")
