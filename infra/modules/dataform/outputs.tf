output "repository" {
  description = "Name of the repository."
  value       = google_dataform_repository.repository.name
}

output "service_account" {
  description = "The identity that statements are executed as: email, full name and member."
  value = {
    email  = google_service_account.dataform.email
    id     = "projects/${var.project_id}/serviceAccounts/${google_service_account.dataform.email}"
    member = google_service_account.dataform.member
  }
}
