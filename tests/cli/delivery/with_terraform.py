"""The real command on a root module that needs no provider: for machines that have it, by its own name: pytest with_terraform.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.delivery.terraform import Terraform, find_terraform
from ripple.errors import PermanentError

MAIN = """
variable "generation" { type = number }
resource "terraform_data" "stage" {
  for_each         = toset(["a", "b"])
  input            = each.key
  triggers_replace = each.key == "a" ? [var.generation] : []
}
"""


@pytest.fixture
def terraform(tmp_path: Path) -> Terraform:
    folder = tmp_path / "envs"
    folder.mkdir()
    (folder / "main.tf").write_text(MAIN)
    found = Terraform(
        command=find_terraform(), folder=folder, variables=tmp_path / "v.tfvars.json", data=tmp_path / "data"
    )
    found.variables.write_text('{"generation": 1}')
    found.init({})
    return found


def test_a_plan_is_made_applied_and_then_empty(terraform: Terraform) -> None:
    assert terraform.plan().count() == {"create": 2, "change": 0, "replace": 0, "destroy": 0}
    terraform.apply_plan()
    assert terraform.plan().all == ()


def test_a_target_is_applied_alone(terraform: Terraform) -> None:
    terraform.apply_targets(['terraform_data.stage["b"]'])
    assert [change.address for change in terraform.plan().all] == ['terraform_data.stage["a"]']


def test_what_forces_a_replacement_is_shown(terraform: Terraform) -> None:
    terraform.plan()
    terraform.apply_plan()
    terraform.variables.write_text('{"generation": 2}')
    (change,) = terraform.plan().all
    assert (change.doing, change.because) == ("replace", ("triggers_replace",))


def test_everything_can_be_taken_away(terraform: Terraform) -> None:
    terraform.plan()
    terraform.apply_plan()
    assert terraform.plan(destroy=True).count()["destroy"] == 2
    terraform.apply_plan()
    assert terraform.plan().count()["create"] == 2


def test_a_module_that_is_none_is_refused_with_its_reason(terraform: Terraform) -> None:
    (terraform.folder / "main.tf").write_text('resource "terraform_data" {}')
    with pytest.raises(PermanentError, match="Missing name for resource"):
        terraform.plan()
