output "table" {
  description = "The table, PROJECT.DATASET.TABLE."
  value       = google_pubsub_subscription.ledger.bigquery_config[0].table
}

output "subscription" {
  description = "Name of the subscription."
  value       = google_pubsub_subscription.ledger.name
}
