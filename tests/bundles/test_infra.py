"""Terraform builds a function with what its bundle's manifest asks for."""

from __future__ import annotations

import re

from cli.bundling.manifest import BUILD_ENVIRONMENT
from tests.bundles.environments import ROOT


def test_terraform_gives_the_build_what_a_bundle_needs() -> None:
    stage = (ROOT / "infra" / "modules" / "stage" / "main.tf").read_text()
    block = re.search(r"build_config \{.*?environment_variables = \{(.*?)\}", stage, re.DOTALL)
    assert block is not None
    assert dict(re.findall(r"(\w+)\s+= \"([^\"]*)\"", block[1])) == BUILD_ENVIRONMENT
