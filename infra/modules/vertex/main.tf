resource "google_service_account" "train" {
  project      = var.project_id
  account_id   = "ripple-train"
  display_name = "Ripple: runs the training pipeline"
}

# Jobs, models, metadata: Vertex AI has no roles on the single job or model.
resource "google_project_iam_member" "runs_pipeline" {
  project = var.project_id
  role    = "roles/aiplatform.user"
  member  = google_service_account.train.member
}

resource "google_service_account_iam_member" "submits_as_train" {
  for_each = var.submitters

  service_account_id = google_service_account.train.name
  role               = "roles/iam.serviceAccountUser"
  member             = each.value
}

resource "google_storage_bucket_iam_member" "reads_snapshots" {
  bucket = var.snapshot_bucket
  role   = "roles/storage.objectViewer"
  member = google_service_account.train.member
}

resource "google_storage_bucket_iam_member" "writes_models" {
  bucket = var.models_bucket
  role   = "roles/storage.objectUser"
  member = google_service_account.train.member
}

resource "google_storage_bucket_iam_member" "reads_truth" {
  count = var.truth_bucket == null ? 0 : 1

  bucket = var.truth_bucket
  role   = "roles/storage.objectViewer"
  member = google_service_account.train.member

  # The API asks the bucket, not the objects, when it lists: hence the first half.
  condition {
    title       = "truth_only"
    description = "The control bucket also holds file lists and rescued rows, which training has no need of."
    expression  = <<-CEL
      resource.type == "storage.googleapis.com/Bucket" ||
      resource.name.startsWith("projects/_/buckets/${var.truth_bucket}/objects/truth/")
    CEL
  }
}

resource "google_artifact_registry_repository_iam_member" "pulls_image" {
  project    = var.project_id
  location   = var.region
  repository = var.image_repository
  role       = "roles/artifactregistry.reader"
  member     = google_service_account.train.member
}

resource "google_pubsub_topic_iam_member" "states_end" {
  project = var.project_id
  topic   = var.events_topic
  role    = "roles/pubsub.publisher"
  member  = google_service_account.train.member
}
