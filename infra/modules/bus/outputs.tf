output "topics" {
  description = "Full names of the topics, projects/P/topics/T, by name."
  value       = { for name, topic in google_pubsub_topic.topic : name => "projects/${var.project_id}/topics/${topic.name}" }
}

output "dead_letters_topic" {
  description = "Full name of the dead-letter topic, once Pub/Sub may publish to it."
  value       = "projects/${var.project_id}/topics/${google_pubsub_topic.topic[var.dead_letters_topic].name}"

  depends_on = [google_pubsub_topic_iam_member.moves_dead_letters]
}
