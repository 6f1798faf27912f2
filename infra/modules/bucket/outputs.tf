output "name" {
  description = "Name of the bucket."
  value       = google_storage_bucket.bucket.name
}

output "granted" {
  description = "Name of the bucket, once every grant on it is made."
  value       = google_storage_bucket.bucket.name

  depends_on = [google_storage_bucket_iam_member.grant]
}
