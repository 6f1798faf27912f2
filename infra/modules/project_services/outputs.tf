output "project_id" {
  description = "The project, once its APIs answer: a module that takes its project from here waits for them."
  value       = var.project_id

  depends_on = [time_sleep.apis_known]
}

output "project_number" {
  description = "Number of the project."
  value       = data.google_project.project.number
}

output "agents" {
  description = "Members of Google's own agents in the project, once their roles are known: aiplatform, cloudscheduler, dataform, eventarc, pubsub, storage."
  value = merge(
    { for name, agent in google_project_service_identity.agent : name => agent.member },
    { storage = data.google_storage_project_service_account.storage.member },
  )

  depends_on = [time_sleep.agents_known]
}
