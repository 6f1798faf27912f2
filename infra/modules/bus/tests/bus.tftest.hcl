mock_provider "google" {}

variables {
  project_id         = "my-project"
  region             = "europe-west1"
  topics             = ["ripple-events", "ripple-ticks"]
  dead_letters_topic = "ripple-dead-letters"
  pubsub_agent       = "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com"
  publishers = {
    ripple-events = { land_object = "serviceAccount:a@my-project.iam.gserviceaccount.com" }
  }
}

run "messages_stay_in_the_region" {
  assert {
    condition     = alltrue([for topic in google_pubsub_topic.topic : topic.message_storage_policy[0].allowed_persistence_regions == toset(["europe-west1"])])
    error_message = "Messages may lie anywhere."
  }
  assert {
    condition     = output.topics["ripple-ticks"] == "projects/my-project/topics/ripple-ticks" && length(output.topics) == 3
    error_message = "Topics are not said by their full names."
  }
}

run "who_publishes_is_said_and_pubsub_moves_dead_letters" {
  assert {
    condition     = [for grant in google_pubsub_topic_iam_member.publisher : "${grant.topic} ${grant.member}"] == ["ripple-events serviceAccount:a@my-project.iam.gserviceaccount.com"]
    error_message = "Someone else may publish."
  }
  assert {
    condition     = google_pubsub_topic_iam_member.moves_dead_letters.topic == "ripple-dead-letters" && google_pubsub_topic_iam_member.moves_dead_letters.member == var.pubsub_agent
    error_message = "Pub/Sub may not publish dead letters: it would try them until they expire."
  }
}

run "a_topic_that_is_not_made_has_no_publishers" {
  command = plan
  variables {
    publishers = { ripple-replays = { a = "serviceAccount:a@my-project.iam.gserviceaccount.com" } }
  }
  expect_failures = [var.publishers]
}

run "google_keeps_its_own_names" {
  command = plan
  variables {
    topics     = ["goog-events"]
    publishers = {}
  }
  expect_failures = [var.topics]
}
