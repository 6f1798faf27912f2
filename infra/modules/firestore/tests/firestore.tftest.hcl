mock_provider "google" {}

variables {
  project_id = "my-project"
  region     = "europe-west1"
  indexes    = { waiting_files = { collection = "files", fields = ["state", "batch"] } }
  expiries   = { claims = "expires_at" }
  unindexed  = [{ collection = "files", field = "fact" }]
}

run "state_can_be_had_back_and_is_not_deleted" {
  command = plan
  assert {
    condition     = google_firestore_database.database.point_in_time_recovery_enablement == "POINT_IN_TIME_RECOVERY_ENABLED"
    error_message = "State of an hour ago cannot be had back."
  }
  assert {
    condition     = google_firestore_database.database.delete_protection_state == "DELETE_PROTECTION_ENABLED"
    error_message = "The database can be deleted by a mistake."
  }
  assert {
    condition     = google_firestore_database.database.type == "FIRESTORE_NATIVE" && google_firestore_database.database.concurrency_mode == "PESSIMISTIC"
    error_message = "Transactions would behave in another way than the ones that were tested."
  }
}

run "a_project_to_be_taken_away_lets_go" {
  command = plan
  variables {
    deletion_protection = false
  }
  assert {
    condition     = google_firestore_database.database.deletion_policy == "DELETE" && google_firestore_database.database.delete_protection_state == "DELETE_PROTECTION_DISABLED"
    error_message = "Destroying would leave the database, and the next deployment would meet it."
  }
}

run "what_is_waited_for_is_found_by_an_index" {
  command = plan
  assert {
    condition     = [for field in google_firestore_index.index["waiting_files"].fields : "${field.field_path} ${field.order}"] == ["state ASCENDING", "batch ASCENDING"]
    error_message = "Finding the files that wait would read through all that ever landed."
  }
}

run "claims_expire_by_the_moment_that_they_name" {
  command = plan
  assert {
    condition     = google_firestore_field.expiry["claims"].field == "expires_at" && length(google_firestore_field.expiry["claims"].ttl_config) == 1
    error_message = "Claims would be kept for good."
  }
}

run "the_role_is_on_the_one_database" {
  command = plan
  assert {
    condition     = output.user.role == "roles/datastore.user" && output.user.condition.expression == "resource.name == \"projects/my-project/databases/(default)\""
    error_message = "The role reaches beyond the database."
  }
}

run "an_index_has_two_fields" {
  command = plan
  variables {
    indexes = { files = { collection = "files", fields = ["state"] } }
  }
  expect_failures = [var.indexes]
}
