output "service_account" {
  description = "The training identity, as RIPPLE_PIPELINE_SERVICE_ACCOUNT takes its email: email, full name and member."
  value = {
    email  = google_service_account.train.email
    id     = google_service_account.train.name
    member = google_service_account.train.member
  }
}
