output "id" {
  description = "Full name of the secret, projects/P/secrets/S, without a version."
  value       = google_secret_manager_secret.secret.id
}
