mock_provider "google" {
  mock_resource "google_service_account" {
    defaults = {
      name   = "projects/my-project/serviceAccounts/ripple-part@my-project.iam.gserviceaccount.com"
      id     = "projects/my-project/serviceAccounts/ripple-part@my-project.iam.gserviceaccount.com"
      email  = "ripple-part@my-project.iam.gserviceaccount.com"
      member = "serviceAccount:ripple-part@my-project.iam.gserviceaccount.com"
    }
  }
}

mock_provider "google-beta" {}

variables {
  project_id               = "my-project"
  region                   = "europe-west1"
  source_path              = "../../../workflows/run_elt.yaml"
  events_topic             = "ripple-events"
  dataform_repository      = "ripple"
  dataform_service_account = "projects/my-project/serviceAccounts/ripple-dataform@my-project.iam.gserviceaccount.com"
  snapshot_dataset         = "features"
  env = {
    CHECKED_BUCKET           = "my-project-checked"
    QUARANTINE_BUCKET        = "my-project-quarantine"
    CONTROL_BUCKET           = "my-project-control"
    FEATURES_BUCKET          = "my-project-features"
    DATAFORM_REPOSITORY      = "ripple"
    DATAFORM_SERVICE_ACCOUNT = "ripple-dataform@my-project.iam.gserviceaccount.com"
    EVENTS_TOPIC             = "ripple-events"
  }
}

run "the_workflow_is_the_file_and_runs_as_its_own_account" {
  assert {
    condition     = google_workflows_workflow.workflow.source_contents == file("../../../workflows/run_elt.yaml")
    error_message = "The source is not the file's text."
  }
  assert {
    condition     = google_workflows_workflow.workflow.service_account == google_service_account.workflow.id && google_service_account.workflow.account_id == "ripple-run-elt"
    error_message = "The workflow runs as another account than ripple-run-elt."
  }
  assert {
    condition     = google_workflows_workflow.workflow.call_log_level == "LOG_ERRORS_ONLY"
    error_message = "A failed call would leave no trace."
  }
}

run "it_acts_as_dataform_alone" {
  assert {
    condition     = google_service_account_iam_member.acts_as_dataform.service_account_id == var.dataform_service_account
    error_message = "Acting as is granted on another account."
  }
  assert {
    condition     = strcontains(google_project_iam_member.claims_batches.condition[0].expression, "databases/(default)\"")
    error_message = "Firestore is open beyond the one database."
  }
}

run "a_variable_that_the_yaml_reads_must_be_given" {
  command = plan
  variables {
    env = { CHECKED_BUCKET = "my-project-checked" }
  }
  expect_failures = [var.env]
}

run "a_missing_file_is_named" {
  command = plan
  variables {
    source_path = "workflows/gone.yaml"
  }
  expect_failures = [var.source_path]
}

run "calls_cannot_go_unlogged" {
  command = plan
  variables {
    call_log_level = "LOG_NONE"
  }
  expect_failures = [var.call_log_level]
}
