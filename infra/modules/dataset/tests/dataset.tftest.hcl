mock_provider "google" {}

variables {
  project_id  = "my-project"
  region      = "europe-west1"
  name        = "gold"
  description = "Facts and dimensions."
  iam         = { "roles/bigquery.dataViewer" = { analysts = "group:analysts@example.org" } }
}

run "tables_can_be_had_back_and_are_not_deleted" {
  command = plan
  assert {
    condition     = google_bigquery_dataset.dataset.max_time_travel_hours == "168" && !google_bigquery_dataset.dataset.delete_contents_on_destroy
    error_message = "A table that is deleted by mistake is gone."
  }
  assert {
    condition     = google_bigquery_dataset.dataset.location == "europe-west1"
    error_message = "Rows lie in another place than the objects that they come from: BigQuery would refuse to read those."
  }
}

run "readers_are_those_that_were_named" {
  command = plan
  assert {
    condition     = [for grant in google_bigquery_dataset_iam_member.grant : "${grant.role} ${grant.member}"] == ["roles/bigquery.dataViewer group:analysts@example.org"]
    error_message = "Someone else may read the dataset."
  }
}

run "roles_are_those_on_data" {
  command = plan
  variables {
    iam = { "roles/bigquery.admin" = { a = "user:a@example.org" } }
  }
  expect_failures = [var.iam]
}

run "a_dash_is_no_letter" {
  command = plan
  variables {
    name = "my-gold"
  }
  expect_failures = [var.name]
}
