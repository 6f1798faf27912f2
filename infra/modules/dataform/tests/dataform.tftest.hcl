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
  project_id      = "my-project"
  region          = "europe-west1"
  datasets        = ["bronze", "silver", "features", "gold", "ops"]
  snapshot_bucket = "my-project-features"
  service_agent   = "serviceAccount:service-1@gcp-sa-dataform.iam.gserviceaccount.com"
  buckets_read    = { checked = "my-project-checked", quarantine = "my-project-quarantine", control = "my-project-control" }
}

run "statements_run_as_an_account_of_their_own" {
  assert {
    condition     = google_dataform_repository.repository.service_account == google_service_account.dataform.email
    error_message = "The repository would run as Dataform's service agent: strict act-as refuses that."
  }
  assert {
    condition     = google_service_account_iam_member.agent_becomes_dataform.service_account_id == google_service_account.dataform.name
    error_message = "The agent may become another account than ripple-dataform."
  }
  assert {
    condition     = length(google_dataform_repository.repository.git_remote_settings) == 0
    error_message = "A git remote needs a token, and runs what was not released."
  }
}

run "it_writes_datasets_and_snapshots_and_reads_the_rest" {
  assert {
    condition     = toset(keys(google_bigquery_dataset_iam_member.writes_tables)) == toset(var.datasets)
    error_message = "A dataset that statements write is not granted."
  }
  assert {
    condition     = alltrue([for grant in google_storage_bucket_iam_member.reads_objects : grant.role == "roles/storage.objectViewer"])
    error_message = "Checked, quarantine and control are read only."
  }
  assert {
    condition     = google_storage_bucket_iam_member.exports_snapshots.bucket == "my-project-features"
    error_message = "Snapshots go to the features bucket and to no other."
  }
}

run "the_three_buckets_must_be_named" {
  command = plan
  variables {
    buckets_read = { checked = "my-project-checked" }
  }
  expect_failures = [var.buckets_read]
}

run "the_service_agent_is_a_member" {
  command = plan
  variables {
    service_agent = "service-1@gcp-sa-dataform.iam.gserviceaccount.com"
  }
  expect_failures = [var.service_agent]
}
