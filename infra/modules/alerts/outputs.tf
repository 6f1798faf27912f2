output "notification_channels" {
  description = "Full names of the mail channels; a budget notifies the same."
  value       = [for channel in google_monitoring_notification_channel.email : channel.name]
}

output "policies" {
  description = "Full names of the alert policies, by runbook."
  value       = { for runbook, policy in google_monitoring_alert_policy.policy : runbook => policy.name }
}

output "dashboard" {
  description = "Full name of the dashboard."
  value       = google_monitoring_dashboard.ripple.id
}
