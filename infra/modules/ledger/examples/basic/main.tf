module "events" {
  source = "../.."

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
