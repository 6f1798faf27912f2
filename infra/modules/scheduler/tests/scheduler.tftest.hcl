mock_provider "google" {}

variables {
  project_id = "my-project"
  region     = "europe-west1"
  topic      = "projects/my-project/topics/ripple-ticks"
  ticks = {
    ripple-daily = { schedule = "0 3 * * *", kind = "batch", body = "{\"flows\":[\"sales\"]}", paused = true }
    ripple-sweep = { schedule = "*/5 * * * *", kind = "sweep" }
  }
}

run "a_tick_is_a_message_with_its_kind" {
  assert {
    condition     = google_cloud_scheduler_job.tick["ripple-sweep"].pubsub_target[0].attributes.kind == "sweep"
    error_message = "Subscriptions filter on the attribute kind."
  }
  assert {
    condition     = jsondecode(base64decode(google_cloud_scheduler_job.tick["ripple-daily"].pubsub_target[0].data)).flows == ["sales"]
    error_message = "The body is not the tick's JSON."
  }
  assert {
    condition     = google_cloud_scheduler_job.tick["ripple-daily"].paused && !google_cloud_scheduler_job.tick["ripple-sweep"].paused
    error_message = "The daily tick rests until someone wants it; the sweep never does."
  }
  assert {
    condition     = alltrue([for job in google_cloud_scheduler_job.tick : job.time_zone == "Etc/UTC"])
    error_message = "Ticks are in UTC."
  }
}

run "a_schedule_has_five_fields" {
  command = plan
  variables {
    ticks = { ripple-daily = { schedule = "0 3 * *", kind = "batch" } }
  }
  expect_failures = [var.ticks]
}

run "nobody_receives_another_kind" {
  command = plan
  variables {
    ticks = { ripple-daily = { schedule = "0 3 * * *", kind = "export" } }
  }
  expect_failures = [var.ticks]
}

run "a_body_is_an_object" {
  command = plan
  variables {
    ticks = { ripple-daily = { schedule = "0 3 * * *", kind = "batch", body = "[1]" } }
  }
  expect_failures = [var.ticks]
}

run "clocks_do_not_change" {
  command = plan
  variables {
    ticks = { ripple-daily = { schedule = "0 3 * * *", kind = "batch", time_zone = "Europe/Berlin" } }
  }
  expect_failures = [var.ticks]
}

run "the_topic_is_a_full_name" {
  command = plan
  variables {
    topic = "ripple-ticks"
  }
  expect_failures = [var.topic]
}
