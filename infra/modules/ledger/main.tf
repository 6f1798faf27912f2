resource "google_bigquery_table" "ledger" {
  # checkov:skip=CKV_GCP_80: Google's keys: nothing here must be withdrawn from Google itself, and a lost key would lose the data
  # checkov:skip=CKV_GCP_121: by var.deletion_protection: prod has it, dev can be taken away whole
  project             = var.project_id
  dataset_id          = var.dataset
  table_id            = var.table
  description         = var.description
  labels              = var.labels
  deletion_protection = var.deletion_protection
  clustering          = ["message_id"]
  schema = jsonencode([
    for column in var.columns : { name = column[0], type = column[1], mode = "NULLABLE" }
  ])

  time_partitioning {
    type          = "DAY"
    field         = "publish_time"
    expiration_ms = var.keep_days == null ? null : var.keep_days * 86400000
  }
}

# Pub/Sub writes rows as its own agent; data editor on the one table is all that it needs.
resource "google_bigquery_table_iam_member" "pubsub_writes" {
  project    = var.project_id
  dataset_id = google_bigquery_table.ledger.dataset_id
  table_id   = google_bigquery_table.ledger.table_id
  role       = "roles/bigquery.dataEditor"
  member     = var.pubsub_agent
}

resource "google_bigquery_table_iam_member" "reads" {
  for_each = var.readers

  project    = var.project_id
  dataset_id = google_bigquery_table.ledger.dataset_id
  table_id   = google_bigquery_table.ledger.table_id
  role       = "roles/bigquery.dataViewer"
  member     = each.value
}

resource "time_sleep" "grant_known" {
  create_duration = var.grant_wait
  triggers        = { table = google_bigquery_table.ledger.table_id }

  depends_on = [google_bigquery_table_iam_member.pubsub_writes]
}

resource "google_pubsub_subscription" "ledger" {
  project                    = var.project_id
  name                       = var.subscription
  topic                      = var.topic
  labels                     = var.labels
  message_retention_duration = "${var.delivery.retention_seconds}s"

  bigquery_config {
    table          = "${google_bigquery_table.ledger.project}.${google_bigquery_table.ledger.dataset_id}.${google_bigquery_table.ledger.table_id}"
    write_metadata = true
  }

  retry_policy {
    minimum_backoff = "${var.delivery.minimum_backoff_seconds}s"
    maximum_backoff = "${var.delivery.maximum_backoff_seconds}s"
  }

  dynamic "dead_letter_policy" {
    for_each = var.delivery.attempts[*]
    content {
      dead_letter_topic     = var.dead_letters_topic
      max_delivery_attempts = dead_letter_policy.value
    }
  }

  # Never.
  expiration_policy {
    ttl = ""
  }

  depends_on = [time_sleep.grant_known]
}

resource "google_pubsub_subscription_iam_member" "moves_dead_letters" {
  count = var.delivery.attempts == null ? 0 : 1

  project      = var.project_id
  subscription = google_pubsub_subscription.ledger.name
  role         = "roles/pubsub.subscriber"
  member       = var.pubsub_agent
}
