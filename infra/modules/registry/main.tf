locals {
  grants = merge([
    for role, members in var.iam : { for who, member in members : "${role} ${who}" => { role = role, member = member } }
  ]...)
}

resource "google_artifact_registry_repository" "repository" {
  # checkov:skip=CKV_GCP_84: Google's keys: nothing here must be withdrawn from Google itself, and a lost key would lose the data
  project                = var.project_id
  location               = var.region
  repository_id          = var.name
  description            = var.description
  labels                 = var.labels
  format                 = "DOCKER"
  cleanup_policy_dry_run = false

  cleanup_policies {
    id     = "keep-newest"
    action = "KEEP"
    most_recent_versions {
      keep_count = var.keep_versions
    }
  }

  # Of a rule to delete and one to keep, the one to keep wins.
  dynamic "cleanup_policies" {
    for_each = var.keep_tag_prefix[*]
    content {
      id     = "keep-released"
      action = "KEEP"
      condition {
        tag_state    = "TAGGED"
        tag_prefixes = [cleanup_policies.value]
      }
    }
  }

  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"
    condition {
      tag_state  = "ANY"
      older_than = "${var.delete_after_days * 86400}s"
    }
  }
}

resource "google_artifact_registry_repository_iam_member" "grant" {
  for_each = local.grants

  project    = var.project_id
  location   = var.region
  repository = google_artifact_registry_repository.repository.repository_id
  role       = each.value.role
  member     = each.value.member
}
