output "service_account" {
  description = "The training identity, as RIPPLE_PIPELINE_SERVICE_ACCOUNT takes its email: email, full name and member."
  value = {
    email  = google_service_account.train.email
    id     = "projects/${var.project_id}/serviceAccounts/${google_service_account.train.email}"
    member = google_service_account.train.member
  }
}
