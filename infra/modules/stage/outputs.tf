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

output "eventarc_subscriptions" {
  description = "Subscriptions that Eventarc made, by trigger, and the acknowledgement deadline that each should have: Eventarc's own is shorter than the function may take, and no resource sets it."
  value = {
    for name, trigger in google_eventarc_trigger.finalize : name => {
      subscription         = try(trigger.transport[0].pubsub[0].subscription, null)
      ack_deadline_seconds = min(var.limits.timeout_seconds + 30, 600)
    }
  }
}
