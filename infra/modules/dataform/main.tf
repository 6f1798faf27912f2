resource "google_service_account" "dataform" {
  project      = var.project_id
  account_id   = "ripple-dataform"
  display_name = "Ripple: executes the Dataform project"
}

# No git remote: a deployment commits the files it was built from, so that the repository needs no token of a git host.
resource "google_dataform_repository" "repository" {
  provider        = google-beta
  project         = var.project_id
  region          = var.region
  name            = var.repository
  labels          = var.labels
  service_account = google_service_account.dataform.email
  # What hangs on a repository (compilations, invocations) is made by every run: without FORCE it could never be deleted.
  deletion_policy = "FORCE"

  depends_on = [google_service_account_iam_member.agent_becomes_dataform]
}

resource "google_service_account_iam_member" "agent_becomes_dataform" {
  service_account_id = google_service_account.dataform.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = var.service_agent
}

resource "google_bigquery_dataset_iam_member" "writes_tables" {
  for_each = var.datasets

  project    = var.project_id
  dataset_id = each.key
  role       = "roles/bigquery.dataEditor"
  member     = google_service_account.dataform.member
}

# A query is a job of the project: there is nothing narrower to grant it on.
resource "google_project_iam_member" "runs_queries" {
  project = var.project_id
  role    = "roles/bigquery.jobUser"
  member  = google_service_account.dataform.member
}

resource "google_storage_bucket_iam_member" "reads_objects" {
  for_each = var.buckets_read

  bucket = each.value
  role   = "roles/storage.objectViewer"
  member = google_service_account.dataform.member
}

# EXPORT DATA with overwrite deletes what an earlier attempt of the same batch left.
resource "google_storage_bucket_iam_member" "exports_snapshots" {
  bucket = var.snapshot_bucket
  role   = "roles/storage.objectUser"
  member = google_service_account.dataform.member
}
