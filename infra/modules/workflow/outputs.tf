output "id" {
  description = "Full name of the workflow."
  value       = google_workflows_workflow.workflow.id
}

output "name" {
  description = "Name of the workflow, as RIPPLE_WORKFLOW takes it."
  value       = google_workflows_workflow.workflow.name
}

output "service_account" {
  description = "The workflow's identity: email, full name and member."
  value = {
    email  = google_service_account.workflow.email
    id     = "projects/${var.project_id}/serviceAccounts/${google_service_account.workflow.email}"
    member = google_service_account.workflow.member
  }
}
