mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
  mock_data "google_storage_project_service_account" {
    defaults = { member = "serviceAccount:service-123456789012@gs-project-accounts.iam.gserviceaccount.com" }
  }
}

mock_provider "google-beta" {
  mock_resource "google_project_service_identity" {
    defaults = { member = "serviceAccount:service-123456789012@gcp-sa-any.iam.gserviceaccount.com" }
  }
}

mock_provider "time" {}

variables {
  project_id = "my-project"
}

run "apis_outlive_the_deployment_and_are_waited_for" {
  assert {
    condition     = alltrue([for api in google_project_service.api : !api.disable_on_destroy])
    error_message = "Destroying Ripple would switch off an API that something else may use."
  }
  assert {
    condition     = time_sleep.apis_known.create_duration == "60s" && time_sleep.agents_known.create_duration == "120s"
    error_message = "APIs and agents are used before they are known."
  }
}

run "every_agent_that_a_part_leans_on_has_its_role" {
  assert {
    condition     = toset(keys(output.agents)) == toset(["aiplatform", "cloudscheduler", "dataform", "eventarc", "pubsub", "storage"])
    error_message = "An agent is missing."
  }
  assert {
    condition     = google_project_iam_member.agent["eventarc"].role == "roles/eventarc.serviceAgent"
    error_message = "Eventarc's agent has another role: a trigger would be refused."
  }
  assert {
    condition     = google_project_iam_member.storage_publishes.role == "roles/pubsub.publisher" && google_project_iam_member.storage_publishes.member == output.agents.storage
    error_message = "Cloud Storage may not announce objects: no finalize event would ever come."
  }
}

run "an_api_is_named_in_full" {
  command = plan
  variables {
    services = ["pubsub"]
  }
  expect_failures = [var.services]
}

run "a_wait_has_a_unit" {
  command = plan
  variables {
    api_wait = "60"
  }
  expect_failures = [var.api_wait]
}
