output "jobs" {
  description = "Full names of the Scheduler's jobs, by name."
  value       = { for name, job in google_cloud_scheduler_job.tick : name => job.id }
}
