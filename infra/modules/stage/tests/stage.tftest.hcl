mock_provider "google" {
  mock_resource "google_cloudfunctions2_function" {
    defaults = {
      service_config = { uri = "https://land-object-abcdef-ew.a.run.app" }
    }
  }
}

variables {
  project_id         = "my-project"
  region             = "europe-west1"
  name               = "land_object"
  service            = "land-object"
  sources_bucket     = "my-project-sources"
  dead_letters_topic = "projects/my-project/topics/ripple-dead-letters"
  pubsub_agent       = "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com"

  service_account = {
    email  = "ripple-land-object@my-project.iam.gserviceaccount.com"
    member = "serviceAccount:ripple-land-object@my-project.iam.gserviceaccount.com"
  }
  caller = {
    email  = "ripple-call-land-object@my-project.iam.gserviceaccount.com"
    member = "serviceAccount:ripple-call-land-object@my-project.iam.gserviceaccount.com"
    id     = "projects/my-project/serviceAccounts/ripple-call-land-object@my-project.iam.gserviceaccount.com"
  }

  bundle = {
    path   = "build/bundles/land_object-9f86d081884c7d65.zip"
    sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
  }
  build = {
    service_account = "projects/my-project/serviceAccounts/ripple-build@my-project.iam.gserviceaccount.com"
    repository      = "projects/my-project/locations/europe-west1/repositories/ripple-functions"
  }

  limits = { timeout_seconds = 540, memory_mib = 512, max_instances = 10 }
  env    = { GOOGLE_CLOUD_PROJECT = "my-project", RIPPLE_LOCATION = "europe-west1" }

  triggers = {
    land-object--bronze = { bucket = "my-project-bronze", event_type = "google.cloud.storage.object.v1.finalized" }
  }
  subscriptions = {
    land-object--replay-run-started-v1 = {
      topic                   = "projects/my-project/topics/ripple-events"
      filter                  = "attributes.ce-type = \"replay.run.started.v1\""
      unwrapped               = true
      ack_deadline_seconds    = 570
      retention_seconds       = 604800
      minimum_backoff_seconds = 1
      maximum_backoff_seconds = 600
      attempts                = 20
    }
  }
}

run "a_function_is_built_from_its_bundle_by_content" {
  assert {
    condition     = google_storage_bucket_object.bundle.name == "functions/land_object-9f86d081884c7d65.zip"
    error_message = "The bundle's object is not named by its hash: a changed bundle would not be built."
  }
  assert {
    condition     = google_cloudfunctions2_function.stage.build_config[0].environment_variables.GOOGLE_FUNCTION_SOURCE == "main.py"
    error_message = "The function would not be found in its bundle."
  }
  assert {
    condition     = google_cloudfunctions2_function.stage.build_config[0].service_account == var.build.service_account
    error_message = "The default account builds, which may do nearly all."
  }
}

run "a_function_is_private_bounded_and_runs_as_itself" {
  assert {
    condition     = google_cloudfunctions2_function.stage.service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY"
    error_message = "Anyone can reach the function."
  }
  assert {
    condition     = google_cloudfunctions2_function.stage.service_config[0].max_instance_count == 10 && google_cloudfunctions2_function.stage.service_config[0].min_instance_count == 0
    error_message = "The function has no cap, or costs while nothing happens."
  }
  assert {
    condition     = google_cloudfunctions2_function.stage.service_config[0].max_instance_request_concurrency == 1
    error_message = "Two requests would share the memory of one."
  }
  assert {
    condition     = google_cloudfunctions2_function.stage.service_config[0].service_account_email == var.service_account.email
    error_message = "The function runs as another account."
  }
  assert {
    condition     = google_cloudfunctions2_function.stage.service_config[0].all_traffic_on_latest_revision
    error_message = "A deployment would not be served."
  }
}

run "a_fact_comes_unwrapped_and_signed_and_is_never_lost" {
  assert {
    condition     = alltrue([for push in google_pubsub_subscription.push : push.push_config[0].no_wrapper[0].write_metadata])
    error_message = "A fact would come without its attributes, and so without its type."
  }
  assert {
    condition     = alltrue([for push in google_pubsub_subscription.push : push.push_config[0].oidc_token[0].service_account_email == var.caller.email])
    error_message = "The push is signed as another account, which may not call."
  }
  assert {
    condition     = alltrue([for push in google_pubsub_subscription.push : "${push.push_config[0].oidc_token[0].audience}/" == push.push_config[0].push_endpoint])
    error_message = "The token is meant for another audience: Cloud Run refuses it."
  }
  assert {
    condition     = alltrue([for push in google_pubsub_subscription.push : push.expiration_policy[0].ttl == "" && push.message_retention_duration == "604800s"])
    error_message = "A subscription expires, or forgets within the week."
  }
  assert {
    condition     = alltrue([for push in google_pubsub_subscription.push : push.dead_letter_policy[0].dead_letter_topic == var.dead_letters_topic])
    error_message = "What cannot be delivered would be tried until it expires."
  }
  assert {
    condition     = toset(keys(google_pubsub_subscription_iam_member.moves_dead_letters)) == toset(keys(google_pubsub_subscription.push))
    error_message = "Pub/Sub may not take a dead letter out of its subscription."
  }
}

run "a_command_keeps_its_envelope" {
  variables {
    triggers = {}
    subscriptions = {
      replay--ripple-replays-replay = {
        topic                   = "projects/my-project/topics/ripple-replays"
        filter                  = "attributes.kind = \"replay\""
        unwrapped               = false
        ack_deadline_seconds    = 150
        retention_seconds       = 604800
        minimum_backoff_seconds = 1
        maximum_backoff_seconds = 600
        attempts                = 20
      }
    }
  }
  assert {
    condition     = length(google_pubsub_subscription.push["replay--ripple-replays-replay"].push_config[0].no_wrapper) == 0
    error_message = "A command would lose the time and the id that its meaning hangs on."
  }
  assert {
    condition     = length(google_project_iam_member.receives) == 0
    error_message = "Without a trigger the caller has nothing to receive."
  }
}

run "only_the_caller_calls_and_only_this_function" {
  assert {
    condition     = google_cloud_run_v2_service_iam_member.calls.member == var.caller.member && google_cloud_run_v2_service_iam_member.calls.name == "land-object"
    error_message = "Someone else may call the function."
  }
  assert {
    condition     = google_service_account_iam_member.pubsub_signs_for_caller.service_account_id == var.caller.id
    error_message = "Pub/Sub may sign as another account."
  }
}

run "objects_come_by_eventarc" {
  assert {
    condition = toset([for filter in google_eventarc_trigger.finalize["land-object--bronze"].matching_criteria : "${filter.attribute}=${filter.value}"]) == toset([
      "type=google.cloud.storage.object.v1.finalized", "bucket=my-project-bronze",
    ])
    error_message = "The trigger receives another bucket or another event."
  }
  assert {
    condition     = google_eventarc_trigger.finalize["land-object--bronze"].destination[0].cloud_run_service[0].service == "land-object"
    error_message = "The trigger calls another service."
  }
}

run "an_object_is_not_delivered_again_while_it_is_worked_on" {
  assert {
    condition     = output.eventarc_subscriptions["land-object--bronze"].ack_deadline_seconds == 570
    error_message = "A deployment would give Eventarc's subscription a deadline that is shorter than the function may take."
  }
}

run "a_hash_is_whole" {
  command = plan
  variables {
    bundle = { path = "build/bundles/land_object-9f86d081884c7d65.zip", sha256 = "9f86d081884c7d65" }
  }
  expect_failures = [var.bundle]
}

run "nobody_calls_as_the_function_itself" {
  command = plan
  variables {
    caller = {
      email  = "ripple-land-object@my-project.iam.gserviceaccount.com"
      member = "serviceAccount:ripple-land-object@my-project.iam.gserviceaccount.com"
      id     = "projects/my-project/serviceAccounts/ripple-land-object@my-project.iam.gserviceaccount.com"
    }
  }
  expect_failures = [var.caller]
}

run "a_default_account_runs_nothing" {
  command = plan
  variables {
    service_account = {
      email  = "123456789012-compute@developer.gserviceaccount.com"
      member = "serviceAccount:123456789012-compute@developer.gserviceaccount.com"
    }
  }
  expect_failures = [var.service_account]
}

run "a_role_that_opens_everything_is_refused" {
  command = plan
  variables {
    project_roles = { all = { role = "roles/editor" } }
  }
  expect_failures = [var.project_roles]
}

run "a_subscription_without_filter_is_refused" {
  command = plan
  variables {
    subscriptions = {
      everything = {
        topic                   = "projects/my-project/topics/ripple-events"
        filter                  = ""
        unwrapped               = true
        ack_deadline_seconds    = 60
        retention_seconds       = 604800
        minimum_backoff_seconds = 1
        maximum_backoff_seconds = 600
        attempts                = 20
      }
    }
  }
  expect_failures = [var.subscriptions]
}

run "settings_without_a_project_are_refused" {
  command = plan
  variables {
    env = { RIPPLE_LOCATION = "europe-west1" }
  }
  expect_failures = [var.env]
}
