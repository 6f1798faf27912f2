mock_provider "google" {}

variables {
  project_id = "my-project"
  region     = "europe-west1"
  name       = "ripple-pepper"
  accessors  = { generate-sales = "serviceAccount:ripple-generate-sales@my-project.iam.gserviceaccount.com" }
}

run "a_secret_stays_in_its_region_and_can_be_had_back" {
  command = plan
  assert {
    condition     = google_secret_manager_secret.secret.replication[0].user_managed[0].replicas[0].location == "europe-west1"
    error_message = "The secret is anywhere."
  }
  assert {
    condition     = google_secret_manager_secret.secret.version_destroy_ttl == "604800s"
    error_message = "A version that is destroyed by mistake is gone at once."
  }
}

run "readers_are_those_that_were_named" {
  command = plan
  assert {
    condition     = [for grant in google_secret_manager_secret_iam_member.accessor : "${grant.role} ${grant.member}"] == ["roles/secretmanager.secretAccessor serviceAccount:ripple-generate-sales@my-project.iam.gserviceaccount.com"]
    error_message = "Someone else may read the pepper."
  }
}

run "no_person_reads_the_pepper" {
  command = plan
  variables {
    accessors = { me = "user:me@example.org" }
  }
  expect_failures = [var.accessors]
}
