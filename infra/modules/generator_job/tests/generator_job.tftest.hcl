mock_provider "google" {}

variables {
  project_id         = "my-project"
  region             = "europe-west1"
  name               = "generate-sales"
  flow               = "sales"
  image              = "europe-west1-docker.pkg.dev/my-project/ripple/generators@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
  firestore_database = "(default)"

  service_account = {
    email  = "ripple-generate-sales@my-project.iam.gserviceaccount.com"
    member = "serviceAccount:ripple-generate-sales@my-project.iam.gserviceaccount.com"
  }
  env = {
    GOOGLE_CLOUD_PROJECT = "my-project"
    PEPPER_SECRET        = "projects/my-project/secrets/ripple-pepper/versions/1"
  }
  iam = {
    "roles/run.jobsExecutorWithOverrides" = { start_batch = "serviceAccount:ripple-start-batch@my-project.iam.gserviceaccount.com" }
  }
}

run "arguments_take_the_place_of_none_of_the_command" {
  command = plan
  assert {
    condition     = google_cloud_run_v2_job.job.template[0].template[0].containers[0].command == tolist(["python", "-m", "generators.sales"])
    error_message = "Whoever runs the job with arguments would run another module."
  }
  assert {
    condition     = google_cloud_run_v2_job.job.template[0].template[0].service_account == var.service_account.email
    error_message = "The job runs as another account."
  }
}

run "a_task_is_tried_again_and_ends" {
  command = plan
  assert {
    condition     = google_cloud_run_v2_job.job.template[0].template[0].max_retries == 3 && google_cloud_run_v2_job.job.template[0].template[0].timeout == "3600s"
    error_message = "A task is not tried again, or may run for ever."
  }
}

run "the_pepper_is_a_name_and_not_a_value" {
  command = plan
  assert {
    condition     = tomap({ for env in google_cloud_run_v2_job.job.template[0].template[0].containers[0].env : env.name => env.value }) == var.env
    error_message = "The environment holds something else than names."
  }
}

run "documents_are_written_to_one_database" {
  command = plan
  assert {
    condition     = strcontains(google_project_iam_member.writes_documents[0].condition[0].expression, "projects/my-project/databases/(default)\"")
    error_message = "Firestore is open beyond the one database."
  }
}

run "a_job_of_files_writes_no_documents" {
  command = plan
  variables {
    firestore_database = null
  }
  assert {
    condition     = length(google_project_iam_member.writes_documents) == 0
    error_message = "The job may write documents and has none."
  }
}

run "an_image_is_named_by_digest" {
  command = plan
  variables {
    image = "europe-west1-docker.pkg.dev/my-project/ripple/generators:latest"
  }
  expect_failures = [var.image]
}

run "the_latest_pepper_is_refused" {
  command = plan
  variables {
    env = { GOOGLE_CLOUD_PROJECT = "my-project", PEPPER_SECRET = "projects/my-project/secrets/ripple-pepper/versions/latest" }
  }
  expect_failures = [var.env]
}

run "roles_are_those_of_cloud_run" {
  command = plan
  variables {
    iam = { "roles/editor" = { a = "serviceAccount:a@my-project.iam.gserviceaccount.com" } }
  }
  expect_failures = [var.iam]
}
