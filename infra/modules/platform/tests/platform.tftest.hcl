mock_provider "google" {}
mock_provider "google-beta" {}
mock_provider "time" {}

variables {
  project_id      = "my-project"
  region          = "europe-west1"
  repository_root = "../../.."
  pipeline_spec   = "gs://my-project-models/specs/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.json"
  alert_emails    = ["data@example.org"]

  images = {
    generators = "europe-west1-docker.pkg.dev/my-project/ripple/generators@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    pipelines  = "europe-west1-docker.pkg.dev/my-project/ripple/pipelines@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
  }
  bundles = { for stage in keys(jsondecode(file("../../topology.json")).stages) : stage => {
    path   = "build/bundles/${stage}-9f86d081884c7d65.zip"
    sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
  } }
}

run "every_part_of_the_topology_is_made" {
  command = plan
  assert {
    condition     = toset(keys(module.stage)) == toset(keys(local.topology.stages)) && toset(keys(module.generator_job)) == toset(keys(local.topology.jobs))
    error_message = "A function or a job is missing."
  }
  assert {
    condition     = toset(keys(output.buckets)) == setunion(local.topology.buckets, ["sources"])
    error_message = "A bucket is missing."
  }
  assert {
    condition     = toset(keys(module.dataset)) == toset(local.topology.datasets) && toset(keys(module.ledger)) == toset(keys(local.topology.ledgers))
    error_message = "A dataset or a ledger is missing."
  }
}

run "no_grant_is_about_a_part_that_is_not" {
  command = plan
  assert {
    condition     = toset(keys(local.stages)) == toset(keys(local.topology.stages)) && toset(keys(local.jobs)) == toset(keys(local.topology.jobs))
    error_message = "grants.tf and topology.json name different functions or jobs."
  }
  assert {
    condition     = toset(keys(local.buckets)) == toset(local.topology.buckets) && toset(keys(local.datasets)) == toset(local.topology.datasets)
    error_message = "storage.tf or warehouse.tf and topology.json name different buckets or datasets."
  }
}

run "bronze_is_created_by_those_who_bring_files_and_by_nobody_else" {
  command = plan
  assert {
    condition     = toset(keys(local.bucket_iam.bronze["roles/storage.objectCreator"])) == toset(["export_sales", "generate-clickstream", "generate-startups"])
    error_message = "Someone else may write to Bronze."
  }
  assert {
    condition     = alltrue([for iam in values(local.bucket_iam) : toset(keys(iam)) == toset(["roles/storage.objectCreator", "roles/storage.objectViewer"])])
    error_message = "A part may overwrite or delete objects."
  }
}

run "the_pepper_is_read_by_those_who_make_tokens" {
  command = plan
  assert {
    condition     = toset([for name, job in local.topology.jobs : name if job.needs_pepper]) == toset(["generate-clickstream", "generate-sales"])
    error_message = "Another job reads the pepper."
  }
}

run "functions_know_where_they_are" {
  command = plan
  assert {
    condition     = local.function_env.GOOGLE_CLOUD_PROJECT == "my-project" && local.function_env.RIPPLE_PIPELINE_SPEC == var.pipeline_spec
    error_message = "The functions would act on another project or train by another pipeline."
  }
  assert {
    condition     = local.function_env.RIPPLE_TRUTH == "0"
    error_message = "A world that is real has no truth to be held against."
  }
}

run "a_cap_takes_the_place_of_the_topologys" {
  command = plan
  variables {
    caps = { max_instances = { land_object = 3 }, daily_query_bytes = 109951162777600 }
  }
  assert {
    condition     = google_cloud_quotas_quota_preference.daily_query_bytes[0].quota_config[0].preferred_value == "104857600"
    error_message = "100 TiB are 104857600 MiB, in which BigQuery counts."
  }
}

run "without_a_billing_account_or_a_repository_there_is_no_budget_and_no_delivery" {
  command = plan
  assert {
    condition     = length(module.budget) == 0 && length(module.delivery) == 0 && output.github == null
    error_message = "A budget or a way in from GitHub is made that nobody asked for."
  }
}

run "with_them_there_are" {
  command = plan
  variables {
    billing_account   = "012345-6789AB-CDEF01"
    github_repository = "example/ripple"
  }
  assert {
    condition     = length(module.budget) == 1 && length(module.delivery) == 1
    error_message = "No budget, or no way in from GitHub."
  }
}

run "operators_are_people" {
  command = plan
  variables {
    operators = { robot = "serviceAccount:robot@my-project.iam.gserviceaccount.com" }
  }
  expect_failures = [var.operators]
}

run "a_function_without_bundle_is_named" {
  command = plan
  variables {
    bundles = { sweep = { path = "build/bundles/sweep.zip", sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" } }
  }
  expect_failures = [var.bundles]
}

run "a_spec_is_named_by_its_hash" {
  command = plan
  variables {
    pipeline_spec = "gs://my-project-models/specs/latest.json"
  }
  expect_failures = [var.pipeline_spec]
}

run "a_cap_on_a_stage_that_is_not_is_refused" {
  command = plan
  variables {
    caps = { max_instances = { land_objects = 3 } }
  }
  expect_failures = [var.caps]
}
