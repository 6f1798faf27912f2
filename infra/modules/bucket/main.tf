locals {
  grants = merge([
    for role, members in var.iam : { for who, member in members : "${role} ${who}" => { role = role, member = member } }
  ]...)
}

resource "google_storage_bucket" "bucket" {
  # checkov:skip=CKV_GCP_62: data access is in Cloud Audit Logs where a project wants it; logs of usage would be a second lake
  # checkov:skip=CKV_GCP_78: objects are written once and deleted softly; versions are kept where records change, by var.versioning
  project                     = var.project_id
  name                        = var.name
  location                    = var.region
  labels                      = var.labels
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = var.force_destroy

  versioning {
    enabled = var.versioning
  }

  soft_delete_policy {
    retention_duration_seconds = var.soft_delete_days * 86400
  }

  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 7
    }
  }

  dynamic "lifecycle_rule" {
    for_each = var.colder_after_days
    content {
      action {
        type          = "SetStorageClass"
        storage_class = lifecycle_rule.key
      }
      condition {
        age                   = lifecycle_rule.value
        matches_storage_class = lifecycle_rule.key == "NEARLINE" ? ["STANDARD"] : ["STANDARD", "NEARLINE"]
      }
    }
  }

  dynamic "lifecycle_rule" {
    for_each = var.delete_after_days[*]
    content {
      action {
        type = "Delete"
      }
      condition {
        age            = lifecycle_rule.value
        matches_prefix = var.delete_prefixes
      }
    }
  }

  dynamic "lifecycle_rule" {
    for_each = var.versioning ? [1] : []
    content {
      action {
        type = "Delete"
      }
      condition {
        num_newer_versions         = 5
        days_since_noncurrent_time = 30
        with_state                 = "ARCHIVED"
      }
    }
  }
}

resource "google_storage_bucket_iam_member" "grant" {
  for_each = local.grants

  bucket = google_storage_bucket.bucket.name
  role   = each.value.role
  member = each.value.member
}
