output "uri" {
  description = "Where the function listens."
  value       = google_cloudfunctions2_function.stage.service_config[0].uri
}

output "service" {
  description = "Name of the function's Cloud Run service."
  value       = google_cloudfunctions2_function.stage.name
}

output "subscriptions" {
  description = "Names of the function's subscriptions."
  value       = [for push in google_pubsub_subscription.push : push.name]
}
