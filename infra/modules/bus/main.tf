locals {
  grants = merge([
    for topic, members in var.publishers : { for who, member in members : "${topic} ${who}" => { topic = topic, member = member } }
  ]...)
}

resource "google_pubsub_topic" "topic" {
  # checkov:skip=CKV_GCP_83: Google's keys: nothing here must be withdrawn from Google itself, and a lost key would lose the data
  for_each = setunion(var.topics, [var.dead_letters_topic])

  project = var.project_id
  name    = each.key
  labels  = var.labels

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }
}

resource "google_pubsub_topic_iam_member" "publisher" {
  for_each = local.grants

  project = var.project_id
  topic   = google_pubsub_topic.topic[each.value.topic].name
  role    = "roles/pubsub.publisher"
  member  = each.value.member
}

# Pub/Sub itself moves what it could not deliver.
resource "google_pubsub_topic_iam_member" "moves_dead_letters" {
  project = var.project_id
  topic   = google_pubsub_topic.topic[var.dead_letters_topic].name
  role    = "roles/pubsub.publisher"
  member  = var.pubsub_agent
}
