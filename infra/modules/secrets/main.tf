# The secret alone: its versions are added by `ripple deploy`, so that no value is ever in Terraform's state.
resource "google_secret_manager_secret" "secret" {
  project   = var.project_id
  secret_id = var.name
  labels    = var.labels

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }

  # A destroyed version makes every token of it unjoinable for good; this is the time to notice.
  version_destroy_ttl = "604800s"
}

resource "google_secret_manager_secret_iam_member" "accessor" {
  for_each = var.accessors

  project   = var.project_id
  secret_id = google_secret_manager_secret.secret.secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = each.value
}
