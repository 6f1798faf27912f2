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

variables {
  project_id       = "my-project"
  region           = "europe-west1"
  snapshot_bucket  = "my-project-features"
  models_bucket    = "my-project-models"
  events_topic     = "ripple-events"
  image_repository = "ripple"
  submitters       = { start_training = "serviceAccount:ripple-start-training@my-project.iam.gserviceaccount.com" }
}

run "training_reads_snapshots_and_writes_models" {
  assert {
    condition     = google_storage_bucket_iam_member.reads_snapshots.role == "roles/storage.objectViewer" && google_storage_bucket_iam_member.reads_snapshots.bucket == "my-project-features"
    error_message = "The features bucket is read only."
  }
  assert {
    condition     = google_storage_bucket_iam_member.writes_models.bucket == "my-project-models"
    error_message = "Models go to the models bucket."
  }
  assert {
    condition     = length(google_storage_bucket_iam_member.reads_truth) == 0
    error_message = "Where the world is real there is no truth to read."
  }
}

run "of_the_control_bucket_it_reads_the_truth_only" {
  variables {
    truth_bucket = "my-project-control"
  }
  assert {
    condition     = strcontains(google_storage_bucket_iam_member.reads_truth[0].condition[0].expression, "my-project-control/objects/truth/")
    error_message = "File lists and rescued rows would be open too."
  }
}

run "only_submitters_act_as_it" {
  assert {
    condition     = tomap({ for name, grant in google_service_account_iam_member.submits_as_train : name => grant.member }) == var.submitters
    error_message = "Others than the submitters may act as ripple-train."
  }
}

run "a_person_is_no_submitter" {
  command = plan
  variables {
    submitters = { mia = "user:mia@example.org" }
  }
  expect_failures = [var.submitters]
}
