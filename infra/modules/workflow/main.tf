resource "google_service_account" "workflow" {
  project      = var.project_id
  account_id   = "ripple-run-elt"
  display_name = "Ripple: runs the ELT of a batch"
}

resource "google_workflows_workflow" "workflow" {
  project             = var.project_id
  region              = var.region
  name                = var.name
  description         = "Claims a batch, compiles and invokes Dataform, states how it ended."
  labels              = var.labels
  service_account     = google_service_account.workflow.id
  source_contents     = file(var.source_path)
  call_log_level      = var.call_log_level
  user_env_vars       = var.env
  deletion_protection = var.deletion_protection

  depends_on = [
    google_project_iam_member.writes_call_logs,
    google_project_iam_member.claims_batches,
    google_dataform_repository_iam_member.invokes,
    google_service_account_iam_member.acts_as_dataform,
    google_pubsub_topic_iam_member.states_facts,
  ]
}

# Workflows writes call logs as the workflow's own account, and fails the execution where it may not.
resource "google_project_iam_member" "writes_call_logs" {
  project = var.project_id
  role    = "roles/logging.logWriter"
  member  = google_service_account.workflow.member
}

resource "google_project_iam_member" "claims_batches" {
  project = var.project_id
  role    = "roles/datastore.user"
  member  = google_service_account.workflow.member

  condition {
    title       = "ripple_database"
    description = "Firestore's roles are granted on projects only; this is the one database."
    expression  = "resource.name == \"projects/${var.project_id}/databases/${var.firestore_database}\""
  }
}

resource "google_dataform_repository_iam_member" "invokes" {
  provider   = google-beta
  project    = var.project_id
  region     = var.region
  repository = var.dataform_repository
  role       = "roles/dataform.editor"
  member     = google_service_account.workflow.member
}

resource "google_service_account_iam_member" "acts_as_dataform" {
  service_account_id = var.dataform_service_account
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.workflow.member
}

resource "google_pubsub_topic_iam_member" "states_facts" {
  project = var.project_id
  topic   = var.events_topic
  role    = "roles/pubsub.publisher"
  member  = google_service_account.workflow.member
}

resource "google_bigquery_dataset_iam_member" "reads_snapshot" {
  project    = var.project_id
  dataset_id = var.snapshot_dataset
  role       = "roles/bigquery.dataViewer"
  member     = google_service_account.workflow.member
}

# A query is a job of the project: there is nothing narrower to grant it on.
resource "google_project_iam_member" "runs_queries" {
  project = var.project_id
  role    = "roles/bigquery.jobUser"
  member  = google_service_account.workflow.member
}
