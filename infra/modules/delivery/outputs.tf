output "service_account" {
  description = "Email of the identity that deploys: the secret-free input `service_account` of google-github-actions/auth."
  value       = google_service_account.deploy.email
}

output "workload_identity_provider" {
  description = "Full name of the provider: the input `workload_identity_provider` of google-github-actions/auth."
  value       = google_iam_workload_identity_pool_provider.github.name
}
