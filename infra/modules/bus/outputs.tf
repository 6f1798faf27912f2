output "topics" {
  description = "Full names of the topics, projects/P/topics/T, by name."
  value       = { for name, topic in google_pubsub_topic.topic : name => topic.id }
}

output "dead_letters_topic" {
  description = "Full name of the dead-letter topic, once Pub/Sub may publish to it."
  value       = google_pubsub_topic.topic[var.dead_letters_topic].id

  depends_on = [google_pubsub_topic_iam_member.moves_dead_letters]
}
