output "buckets" {
  description = "Names of the buckets, by what they hold."
  value       = merge({ for name, bucket in module.bucket : name => bucket.name }, { sources = module.sources.name })
}

output "functions" {
  description = "Where each function listens, for Pub/Sub and Eventarc alone."
  value       = { for name, stage in module.stage : name => stage.uri }
}

output "eventarc_subscriptions" {
  description = "Subscriptions that Eventarc made, with the acknowledgement deadline that a deployment gives each."
  value       = merge([for stage in module.stage : stage.eventarc_subscriptions]...)
}

output "image_repository" {
  description = "Where images are pushed to."
  value       = module.registry.address
}

output "images" {
  description = "Images that are deployed, by digest."
  value       = var.images
}

output "pepper" {
  description = "The secret whose first version a deployment adds."
  value       = module.secrets.id
}

output "dashboard" {
  description = "Full name of the dashboard."
  value       = module.alerts.dashboard
}

output "github" {
  description = "What google-github-actions/auth takes: the provider and the account; null without a repository."
  value = one([for delivery in module.delivery : {
    workload_identity_provider = delivery.workload_identity_provider
    service_account            = delivery.service_account
  }])
}
