mock_provider "google" {}
mock_provider "time" {}

variables {
  project_id         = "my-project"
  subscription       = "ripple-ledger"
  topic              = "projects/my-project/topics/ripple-events"
  dataset            = "ops"
  table              = "events"
  description        = "Every fact that crossed the bus; the same message may stand twice."
  dead_letters_topic = "projects/my-project/topics/ripple-dead-letters"
  pubsub_agent       = "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com"

  columns = [
    ["subscription_name", "STRING"],
    ["message_id", "STRING"],
    ["publish_time", "TIMESTAMP"],
    ["data", "STRING"],
    ["attributes", "STRING"],
  ]
  delivery = {
    retention_seconds       = 2678400
    minimum_backoff_seconds = 1
    maximum_backoff_seconds = 600
    attempts                = 100
  }
}

run "a_ledger_is_partitioned_clustered_and_kept" {
  assert {
    condition     = google_bigquery_table.ledger.time_partitioning[0].field == "publish_time" && google_bigquery_table.ledger.time_partitioning[0].type == "DAY"
    error_message = "Every question about a day would read all days."
  }
  assert {
    condition     = google_bigquery_table.ledger.clustering == tolist(["message_id"]) && google_bigquery_table.ledger.deletion_protection
    error_message = "The ledger is not clustered, or can be deleted by a mistake."
  }
  assert {
    condition     = [for column in jsondecode(google_bigquery_table.ledger.schema) : column.name] == ["subscription_name", "message_id", "publish_time", "data", "attributes"]
    error_message = "Pub/Sub would not find its columns."
  }
}

run "messages_are_written_with_what_was_said_of_them" {
  assert {
    condition     = google_pubsub_subscription.ledger.bigquery_config[0].write_metadata && endswith(google_pubsub_subscription.ledger.bigquery_config[0].table, ".ops.events")
    error_message = "Events would lose their attributes, or lie in another table."
  }
  assert {
    condition     = google_pubsub_subscription.ledger.expiration_policy[0].ttl == "" && google_pubsub_subscription.ledger.message_retention_duration == "2678400s"
    error_message = "The ledger's subscription expires, or forgets within the month."
  }
  assert {
    condition     = google_pubsub_subscription.ledger.dead_letter_policy[0].max_delivery_attempts == 100 && length(google_pubsub_subscription_iam_member.moves_dead_letters) == 1
    error_message = "What BigQuery does not take would be lost after a month."
  }
  assert {
    condition     = google_bigquery_table_iam_member.pubsub_writes.member == var.pubsub_agent && google_bigquery_table_iam_member.pubsub_writes.role == "roles/bigquery.dataEditor"
    error_message = "Pub/Sub may not write the table."
  }
}

run "the_ledger_of_the_dead_lets_nothing_die" {
  variables {
    subscription       = "ripple-dead-letters-ledger"
    topic              = "projects/my-project/topics/ripple-dead-letters"
    table              = "dead_letters"
    dead_letters_topic = null
    delivery           = { retention_seconds = 2678400, minimum_backoff_seconds = 1, maximum_backoff_seconds = 600 }
    readers            = { replay = "serviceAccount:ripple-replay@my-project.iam.gserviceaccount.com" }
  }
  assert {
    condition     = length(google_pubsub_subscription.ledger.dead_letter_policy) == 0 && length(google_pubsub_subscription_iam_member.moves_dead_letters) == 0
    error_message = "A dead letter that cannot be written would go round for ever."
  }
  assert {
    condition     = google_bigquery_table_iam_member.reads["replay"].table_id == "dead_letters"
    error_message = "replay may read more than the dead letters, or not them."
  }
}

run "attempts_need_a_place_for_what_fails" {
  command = plan
  variables {
    dead_letters_topic = null
  }
  expect_failures = [var.dead_letters_topic]
}

run "a_column_that_pubsub_writes_is_missed" {
  command = plan
  variables {
    columns = [["message_id", "STRING"], ["publish_time", "TIMESTAMP"], ["data", "STRING"], ["attributes", "STRING"]]
  }
  expect_failures = [var.columns]
}

run "days_that_are_kept_outlast_a_late_event" {
  command = plan
  variables {
    keep_days = 7
  }
  expect_failures = [var.keep_days]
}
