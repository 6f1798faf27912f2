output "id" {
  description = "Id of the dataset."
  value       = google_bigquery_dataset.dataset.dataset_id
}
