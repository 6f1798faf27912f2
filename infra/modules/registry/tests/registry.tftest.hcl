mock_provider "google" {}

variables {
  project_id      = "my-project"
  region          = "europe-west1"
  name            = "ripple"
  description     = "Images of the generator jobs and of the training pipeline."
  keep_tag_prefix = "release-"
  iam             = { "roles/artifactregistry.reader" = { train = "serviceAccount:ripple-train@my-project.iam.gserviceaccount.com" } }
}

run "old_images_go_and_released_ones_stay" {
  command = plan
  assert {
    condition     = { for policy in google_artifact_registry_repository.repository.cleanup_policies : policy.id => policy.action } == { "keep-newest" = "KEEP", "keep-released" = "KEEP", "delete-old" = "DELETE" }
    error_message = "Images pile up, or one that is in use goes."
  }
  assert {
    condition     = !google_artifact_registry_repository.repository.cleanup_policy_dry_run
    error_message = "The policies only say what they would do."
  }
  assert {
    condition     = output.address == "europe-west1-docker.pkg.dev/my-project/ripple"
    error_message = "Images would be pushed elsewhere."
  }
}

run "a_release_can_be_rolled_back" {
  command = plan
  variables {
    keep_versions = 1
  }
  expect_failures = [var.keep_versions]
}

run "roles_are_those_of_the_registry" {
  command = plan
  variables {
    iam = { "roles/storage.admin" = { a = "serviceAccount:a@my-project.iam.gserviceaccount.com" } }
  }
  expect_failures = [var.iam]
}
