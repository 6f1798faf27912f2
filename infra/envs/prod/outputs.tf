output "platform" {
  description = "What was made: buckets, functions, where images go, the dashboard, what GitHub needs."
  value       = module.platform
}
