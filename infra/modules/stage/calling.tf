# Pub/Sub and Eventarc call the function as an identity that may do nothing else.
resource "google_cloud_run_v2_service_iam_member" "calls" {
  project  = var.project_id
  location = var.region
  name     = google_cloudfunctions2_function.stage.name
  role     = "roles/run.invoker"
  member   = var.caller.member
}

# Eventarc, too, delivers by a subscription, whose requests Pub/Sub signs.
resource "google_service_account_iam_member" "pubsub_signs_for_caller" {
  service_account_id = var.caller.id
  role               = "roles/iam.serviceAccountOpenIdTokenCreator"
  member             = var.pubsub_agent
}

resource "google_pubsub_subscription" "push" {
  for_each = var.subscriptions

  project                    = var.project_id
  name                       = each.key
  topic                      = each.value.topic
  labels                     = var.labels
  filter                     = each.value.filter
  ack_deadline_seconds       = each.value.ack_deadline_seconds
  message_retention_duration = "${each.value.retention_seconds}s"

  push_config {
    push_endpoint = "${google_cloudfunctions2_function.stage.service_config[0].uri}/"

    oidc_token {
      service_account_email = var.caller.email
      audience              = google_cloudfunctions2_function.stage.service_config[0].uri
    }

    dynamic "no_wrapper" {
      for_each = each.value.unwrapped ? [1] : []
      content {
        write_metadata = true
      }
    }
  }

  retry_policy {
    minimum_backoff = "${each.value.minimum_backoff_seconds}s"
    maximum_backoff = "${each.value.maximum_backoff_seconds}s"
  }

  dead_letter_policy {
    dead_letter_topic     = var.dead_letters_topic
    max_delivery_attempts = each.value.attempts
  }

  # Never: a quiet month must not cost a stage its events.
  expiration_policy {
    ttl = ""
  }

  depends_on = [
    google_cloud_run_v2_service_iam_member.calls,
    google_service_account_iam_member.pubsub_signs_for_caller,
  ]
}

# Moving a message to the dead letters acknowledges it here.
resource "google_pubsub_subscription_iam_member" "moves_dead_letters" {
  for_each = google_pubsub_subscription.push

  project      = var.project_id
  subscription = each.value.name
  role         = "roles/pubsub.subscriber"
  member       = var.pubsub_agent
}

# Receiving is granted on projects only; what is received is decided by who may call which service.
resource "google_project_iam_member" "receives" {
  count = length(var.triggers) > 0 ? 1 : 0

  project = var.project_id
  role    = "roles/eventarc.eventReceiver"
  member  = var.caller.member
}

resource "google_eventarc_trigger" "finalize" {
  for_each = var.triggers

  project         = var.project_id
  location        = var.region
  name            = each.key
  labels          = var.labels
  service_account = var.caller.email

  matching_criteria {
    attribute = "type"
    value     = each.value.event_type
  }
  matching_criteria {
    attribute = "bucket"
    value     = each.value.bucket
  }

  destination {
    cloud_run_service {
      service = google_cloudfunctions2_function.stage.name
      region  = var.region
    }
  }

  depends_on = [
    google_cloud_run_v2_service_iam_member.calls,
    google_project_iam_member.receives,
    google_service_account_iam_member.pubsub_signs_for_caller,
  ]
}
