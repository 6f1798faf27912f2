resource "google_cloud_scheduler_job" "tick" {
  for_each = var.ticks

  project     = var.project_id
  region      = var.region
  name        = each.key
  description = each.value.description
  schedule    = each.value.schedule
  # Summer time would skip a tick or send it twice.
  time_zone = "Etc/UTC"
  paused    = each.value.paused

  pubsub_target {
    topic_name = var.topic
    data       = base64encode(jsonencode(each.value.body))
    attributes = { kind = each.value.kind }
  }

  retry_config {
    retry_count          = 5
    min_backoff_duration = "5s"
    max_backoff_duration = "300s"
  }
}
