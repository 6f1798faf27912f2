output "id" {
  description = "Full name of the repository, projects/P/locations/L/repositories/R."
  value       = google_artifact_registry_repository.repository.id
}

output "name" {
  description = "Id of the repository."
  value       = google_artifact_registry_repository.repository.repository_id
}

output "address" {
  description = "Where images are pushed to and pulled from."
  value       = "${var.region}-docker.pkg.dev/${var.project_id}/${var.name}"
}
