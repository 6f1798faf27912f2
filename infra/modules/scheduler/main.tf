resource "google_cloud_scheduler_job" "tick" {
  for_each = var.ticks

  project     = var.project_id
  region      = var.region
  name        = each.key
  description = "Sends a ${each.value.kind} tick."
  schedule    = each.value.schedule
  time_zone   = each.value.time_zone
  paused      = each.value.paused

  pubsub_target {
    topic_name = var.topic
    data       = base64encode(each.value.body)
    attributes = { kind = each.value.kind }
  }

  retry_config {
    retry_count          = 5
    min_backoff_duration = "5s"
    max_backoff_duration = "300s"
  }
}
