mock_provider "google" {}
mock_provider "google-beta" {}
mock_provider "time" {}

variables {
  project_id    = "my-project"
  region        = "europe-west1"
  pipeline_spec = "gs://my-project-models/specs/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.json"
  alert_emails  = ["data@example.org"]

  images = {
    generators = "europe-west1-docker.pkg.dev/my-project/ripple/generators@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    pipelines  = "europe-west1-docker.pkg.dev/my-project/ripple/pipelines@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
  }
  bundles = { for stage in keys(jsondecode(file("../../topology.json")).stages) : stage => {
    path   = "build/bundles/${stage}-9f86d081884c7d65.zip"
    sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
  } }
}

run "prod_makes_every_bucket_and_no_way_in_that_nobody_asked_for" {
  command = plan
  assert {
    condition     = toset(keys(output.platform.buckets)) == toset(["landing", "bronze", "checked", "quarantine", "control", "features", "models", "sources"])
    error_message = "A bucket is missing."
  }
  assert {
    condition     = output.platform.github == null
    error_message = "A way in from GitHub is made that nobody asked for."
  }
}

run "with_a_repository_github_may_deploy" {
  command = plan
  variables {
    github_repository = "example/ripple"
  }
  assert {
    condition     = output.platform.github != null
    error_message = "GitHub has no way in."
  }
}
